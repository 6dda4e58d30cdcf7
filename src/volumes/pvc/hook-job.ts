/** Hooks that are Jobs: made from a CronJob that somebody put beside the claim, as `kubectl create job --from` does. */
import type { Cluster } from '../../hosts/cluster/contract';
import { BATCH, type CronJob, type Job, type ObjectReference } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import type { HookJobs, JobRequest } from '../contract';
import { makeError } from '../shared/tools';
import { judgeHookJob, makeHookJob } from './hook-job-spec';
import { freshName, labelsOf, labelValue } from './names';
import { listJobs, listPodsOf, referToJob, removeJob, untilEnded } from './own-jobs';
import { findPlace, type Place, referTo } from './place';
import { waitFor } from './waiting';

const HOOK_LABEL = 'tidemark.dev/hook';

async function run(host: Host, volume: Volume, request: JobRequest): Promise<void> {
  const place = await findPlace(host, volume);
  const { cluster, namespace } = place;
  const { relationship, syncId, job: called } = request;
  const template = await readTemplate(place, called);
  const own = {
    ...labelsOf({ agent: cluster.name, role: 'hook', volume: volume.path, relationship }),
    [HOOK_LABEL]: labelValue(called),
  };
  // What an attempt has left that was cut off must not run beside this one.
  for (const each of await listJobs(cluster, own, namespace)) {
    await removeJob(cluster, each);
    await untilEnded(cluster, each);
  }
  const name = freshName('hook', volume.path, relationship, syncId, called);
  const labels = { ...own, ...labelsOf({ syncId }) };
  const { job, mounts } = makeHookJob(template, {
    ...request,
    name,
    namespace,
    labels,
    claimName: place.name,
  });
  if (mounts === 0 && request.path !== volume.path) {
    throw makeError(
      place,
      'HookFailed',
      `${called} mounts no claim ${place.name}, and so would not see ${request.path}`,
      {
        hint: `name claim ${place.name} among the volumes of its pod: the copy is mounted in its place`,
      },
    );
  }
  await carryOut(place, await cluster.api.create<Job>(job), request);
}

/** @throws TidemarkError `HookFailed` where there is none */
async function readTemplate(place: Place, called: string): Promise<CronJob> {
  const { cluster, namespace } = place;
  const name = called.slice(called.indexOf('/') + 1);
  const found = await cluster.api.read<CronJob>({
    apiVersion: BATCH,
    kind: 'CronJob',
    metadata: { namespace, name },
  });
  if (found) return found;
  throw makeError(place, 'HookFailed', `there is no ${called} in namespace ${namespace}`, {
    hint: 'apply it there, with suspend: true, or correct the hook in the spec',
  });
}

/** Waits for its end, and removes it however it ended. */
async function carryOut(
  place: Place,
  job: Job,
  { job: called, timeoutMs, signal }: JobRequest,
): Promise<void> {
  const { cluster, namespace, volume } = place;
  const { name } = job.metadata;
  const about: ObjectReference[] = [referToJob(namespace, name)];
  try {
    await waitFor<true>(
      {
        ...{ cluster, namespace, volume: volume.path, about, limitMs: timeoutMs, late: 'had not ended' },
        what: 'its Job',
        hint: `see what it waits for: kubectl describe ${called} --namespace ${namespace}`,
        ...(signal && { signal }),
      },
      async () => {
        const now = await cluster.api.read<Job>(referToJob(namespace, name));
        const pods = await listPodsOf(cluster, job);
        about.splice(
          1,
          about.length,
          ...pods.map(({ metadata }) => referTo('Pod', namespace, metadata.name)),
        );
        const found = judgeHookJob(now, pods);
        if (!('failed' in found)) return found;
        const hint = `try it: kubectl create job --namespace ${namespace} --from=${called} NAME`;
        throw makeError(place, 'HookFailed', `the Job of ${called} failed`, {
          toolMessage: found.failed,
          hint,
        });
      },
    );
  } finally {
    await removeJob(cluster, job);
  }
}

export const hookJobs: HookJobs = {
  async check(host, volume, job) {
    await readTemplate(await findPlace(host, volume), job);
  },
  run,
};

/** The agent starts: removes what a former life of it has left running. */
export async function sweepHookJobs(cluster: Cluster): Promise<void> {
  const labels = labelsOf({ agent: cluster.name, role: 'hook' });
  for (const job of await listJobs(cluster, labels)) await removeJob(cluster, job);
}
