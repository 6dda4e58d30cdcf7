/** The Job of a hook, and what became of it. Pure. */
import { BATCH, type CronJob, type Job, type Pod } from '../../hosts/cluster/objects';
import { GONE_AFTER_SECONDS } from './pod-spec';
import { judgePod } from './pod-state';
import type { Found } from './waiting';

/** The agent ends it in time, and knows why it took so long; this is for where the agent is gone. */
const GRACE_SECONDS = 60;

export interface HookJob {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  /** The claim that the template names, and what is mounted in its place, as `NAMESPACE/NAME`. */
  claimName: string;
  path: string;
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
}

type PodSpec = CronJob['spec']['jobTemplate']['spec']['template']['spec'];
type Container = PodSpec['containers'][number];

/** How often the template mounts the claim is told with it: a Job that never does sees nothing of a copy. */
export function makeHookJob({ spec }: CronJob, hook: HookJob): { job: Job; mounts: number } {
  const { name, namespace, labels, claimName, path, env, timeoutMs } = hook;
  const { metadata, spec: jobSpec } = spec.jobTemplate;
  const { template } = jobSpec;
  const told = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  const tell = (container: Container) => ({
    ...container,
    env: [...(container.env ?? []), ...told],
    // What it said last is told with the pod: reading its log would take further rights.
    terminationMessagePolicy: 'FallbackToLogsOnError',
  });
  let mounts = 0;
  const volumes = (template.spec.volumes ?? []).map((volume) => {
    if (volume.persistentVolumeClaim?.claimName !== claimName) return volume;
    mounts++;
    const own = path.slice(path.indexOf('/') + 1);
    return { ...volume, persistentVolumeClaim: { ...volume.persistentVolumeClaim, claimName: own } };
  });
  const { initContainers, containers } = template.spec;
  const job: Job = {
    apiVersion: BATCH,
    kind: 'Job',
    metadata: {
      ...{ name, namespace, labels: { ...metadata?.labels, ...labels } },
      ...(metadata?.annotations && { annotations: metadata.annotations }),
    },
    spec: {
      // A hook is tried once, unless whoever wrote it says otherwise.
      backoffLimit: 0,
      ...jobSpec,
      ttlSecondsAfterFinished: GONE_AFTER_SECONDS,
      activeDeadlineSeconds: Math.ceil(timeoutMs / 1000) + GRACE_SECONDS,
      template: {
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } },
        spec: {
          ...template.spec,
          volumes,
          ...(initContainers && { initContainers: initContainers.map(tell) }),
          containers: containers.map(tell),
        },
      },
    },
  };
  return { job, mounts };
}

/** What it has come to. @param pods its own */
export function judgeHookJob(job: Job | undefined, pods: readonly Pod[]): Found<true> {
  if (!job || job.metadata.deletionTimestamp !== undefined) return { failed: 'somebody deleted it' };
  const conditions = job.status?.conditions ?? [];
  const isNow = (wanted: string) =>
    conditions.find(({ type, status }) => type === wanted && status === 'True');
  if (isNow('Complete')) return { done: true };
  const failed = isNow('Failed');
  if (failed) {
    const reason = [failed.reason, failed.message].filter(Boolean).join(': ');
    const ends = pods.flatMap(describeEnds);
    return { failed: ends.length > 0 ? ends.join('\n') : reason };
  }
  const words = pods.flatMap((pod) => {
    const found = judgePod(pod);
    if ('pending' in found) return found.pending;
    if ('lost' in found) return [found.lost];
    return 'failed' in found ? [found.failed] : [];
  });
  return { pending: words };
}

/** How its containers ended that did not end well, in their own last words. */
function describeEnds({ status = {} }: Pod): string[] {
  const { containerStatuses = [], initContainerStatuses = [] } = status;
  return [...initContainerStatuses, ...containerStatuses].flatMap(({ name, state }) => {
    const { terminated } = state ?? {};
    if (!terminated || terminated.exitCode === 0) return [];
    const how = `container ${name}: ${terminated.reason ?? 'ended'}, exit code ${terminated.exitCode}`;
    return [[how, terminated.message?.trim()].filter(Boolean).join('\n')];
  });
}
