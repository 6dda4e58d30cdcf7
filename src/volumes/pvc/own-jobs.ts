/** Jobs that this agent has made: removed, and waited for until nothing of them runs. */
import type { Cluster } from '../../hosts/cluster/contract';
import { BATCH, CORE, type Job, type ObjectReference, type Pod } from '../../hosts/cluster/objects';
import { waitFor } from './waiting';

/** Nothing of such a pod runs, and its node gives its volumes back. */
const ENDED: readonly unknown[] = ['Succeeded', 'Failed'];

export const referToJob = (namespace: string, name: string): ObjectReference => ({
  apiVersion: BATCH,
  kind: 'Job',
  metadata: { namespace, name },
});

/** Pods of a Job, ended or not. */
export async function listPodsOf({ api }: Cluster, { metadata }: Job): Promise<Pod[]> {
  return await api.list<Pod>({
    ...{ apiVersion: CORE, kind: 'Pod' },
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    labels: { 'batch.kubernetes.io/job-name': metadata.name },
  });
}

/** It makes no pod any more: it has ended, or somebody deleted it. */
export async function isOver({ api }: Cluster, { metadata }: Job): Promise<boolean> {
  const now = await api.read<Job>(referToJob(metadata.namespace ?? '', metadata.name));
  const conditions = now?.status?.conditions ?? [];
  return (
    now?.metadata.uid !== metadata.uid ||
    now?.metadata.deletionTimestamp !== undefined ||
    conditions.some(({ type, status }) => (type === 'Failed' || type === 'Complete') && status === 'True')
  );
}

/** Those with these labels: in one namespace, or wherever the agent may look. */
export async function listJobs(
  { api, namespaces }: Cluster,
  labels: Record<string, string>,
  namespace?: string,
): Promise<Job[]> {
  const places = namespace === undefined ? (namespaces ?? [undefined]) : [namespace];
  const found = await Promise.all(
    places.map((each) =>
      api.list<Job>({
        ...{ apiVersion: BATCH, kind: 'Job', labels },
        ...(each !== undefined && { namespace: each }),
      }),
    ),
  );
  return found.flat();
}

export async function removeJob({ api }: Cluster, { metadata }: Job): Promise<void> {
  await api.remove(referToJob(metadata.namespace ?? '', metadata.name), metadata.uid);
}

/** Waits until its pods have ended: as long as one runs, it has its volumes. */
export async function untilEnded(cluster: Cluster, job: Job): Promise<void> {
  const { namespace = '', name } = job.metadata;
  await waitFor<true>(
    {
      ...{ cluster, namespace, volume: name, about: [] },
      what: `the end of the pod of Job ${namespace}/${name}`,
      hint: `see what keeps it: kubectl get pods --namespace ${namespace}`,
    },
    async () => {
      const running = (await listPodsOf(cluster, job)).filter(({ status }) => !ENDED.includes(status?.phase));
      return running.length === 0
        ? { done: true }
        : { pending: running.map((pod) => `pod ${pod.metadata.name} is there`) };
    },
  );
}
