/** What uses a claim is stopped where it stops being the primary, and started where it becomes that. */
import type { ObjectReference, Pod, Scalable } from '../../hosts/cluster/objects';
import { makeError } from '../shared/tools';
import { ANNOTATIONS } from './names';
import { findUsers, type Place } from './place';
import { waitFor } from './waiting';

const KINDS: Readonly<Record<string, string>> = {
  deployment: 'Deployment',
  statefulset: 'StatefulSet',
  replicaset: 'ReplicaSet',
};

const refer = (namespace: string, workload: string): ObjectReference => {
  const [kind = '', name = ''] = workload.split('/');
  return { apiVersion: 'apps/v1', kind: KINDS[kind] ?? kind, metadata: { namespace, name } };
};

async function find(place: Place, workload: string): Promise<Scalable | undefined> {
  return await place.cluster.api.read<Scalable>(refer(place.namespace, workload));
}

/** Notes how many replicas each has, then has none. Waits until no pod uses the claim. Idempotent. */
export async function scaleDown(place: Place, signal?: AbortSignal): Promise<void> {
  const { cluster, namespace, volume } = place;
  const workloads = volume.options?.workloads ?? [];
  for (const workload of workloads) {
    const found = await find(place, workload);
    const replicas = found?.spec.replicas ?? 1;
    // Down already: the number that it had before is noted, or it never ran here.
    if (!found || replicas === 0) continue;
    await cluster.api.patch<Scalable>(refer(namespace, workload), {
      metadata: { annotations: { [ANNOTATIONS.replicas]: String(replicas) } },
      spec: { replicas: 0 },
    });
  }
  if (workloads.length === 0) return;
  const about: ObjectReference[] = [];
  await waitFor<true>(
    {
      ...{ cluster, namespace, volume: volume.path, about },
      what: `the end of what uses ${volume.path}`,
      hint: `see what still runs: kubectl get pods --namespace ${namespace}`,
      ...(signal && { signal }),
    },
    async () => {
      const users = await findUsers(place);
      return users.length === 0 ? { done: true } : { pending: users.map(describeUser) };
    },
  );
}

const describeUser = ({ metadata }: Pod) =>
  metadata.deletionTimestamp === undefined
    ? `pod ${metadata.name} uses it, which belongs to none of the workloads that the spec names`
    : `pod ${metadata.name} is being ended`;

/**
 * Has as many replicas again as each had; one where that is not known. Idempotent: what runs stays as it is.
 * @throws TidemarkError `VolumeMissing` where there is no such workload
 */
export async function scaleUp(place: Place): Promise<void> {
  const { cluster, namespace, volume } = place;
  for (const workload of volume.options?.workloads ?? []) {
    const found = await find(place, workload);
    if (!found) {
      throw makeError(place, 'VolumeMissing', `there is no ${workload} in namespace ${namespace}`, {
        hint: 'apply its manifests there, with replicas: 0, or correct workloads in the spec',
      });
    }
    if ((found.spec.replicas ?? 1) > 0) continue;
    const before = Number(found.metadata.annotations?.[ANNOTATIONS.replicas] ?? '1');
    await cluster.api.patch<Scalable>(refer(namespace, workload), {
      metadata: { annotations: { [ANNOTATIONS.replicas]: null } },
      spec: { replicas: Number.isInteger(before) && before > 0 ? before : 1 },
    });
  }
}

/** Those that a spec names and the cluster has not. */
export async function findMissing(place: Place): Promise<string[]> {
  const workloads = place.volume.options?.workloads ?? [];
  const found = await Promise.all(
    workloads.map(async (workload) => ({ workload, is: await find(place, workload) })),
  );
  return found.filter(({ is }) => !is).map(({ workload }) => workload);
}
