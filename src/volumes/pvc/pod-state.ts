/** What a pod says of itself. Pure. */
import type { Pod } from '../../hosts/cluster/objects';
import type { Found } from './waiting';

/** Reasons for waiting that pass by themselves, and say nothing. */
const ON_THE_WAY = new Set(['ContainerCreating', 'PodInitializing']);
/** What no waiting mends. */
const HOPELESS = new Set(['InvalidImageName', 'ErrImageNeverPull', 'CreateContainerConfigError']);

/** Whether programs can be run in it. */
export function judgePod(pod: Pod): Found<Pod> {
  const { status = {}, metadata } = pod;
  const { phase, reason, message, conditions = [], containerStatuses = [] } = status;
  const about = [reason, message].filter(Boolean).join(': ');
  if (metadata.deletionTimestamp !== undefined)
    return { lost: `the pod is being deleted ${about}`.trimEnd() };
  const ended = containerStatuses.flatMap(({ state }) => (state?.terminated ? [state.terminated] : []));
  if (phase === 'Failed' || phase === 'Succeeded') {
    const how = ended.map((each) => [each.reason, each.message].filter(Boolean).join(': ')).join('; ');
    const words = `the pod has ended: ${[about, how].filter(Boolean).join('; ') || phase}`;
    // A reason of the pod's own is its node's, which evicted it, was shut down, or did not admit it.
    return reason === undefined && phase === 'Failed' ? { failed: words } : { lost: words };
  }
  const waiting = containerStatuses.flatMap(({ state }) => (state?.waiting ? [state.waiting] : []));
  const hopeless = waiting.find((each) => HOPELESS.has(each.reason ?? ''));
  if (hopeless) return { failed: `${hopeless.reason}: ${hopeless.message ?? ''}` };
  const isReady = conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  if (phase === 'Running' && isReady) return { done: pod };
  const unscheduled = conditions.filter(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  const words = [
    ...unscheduled.map((each) => `${each.reason ?? 'not scheduled'}: ${each.message ?? ''}`),
    ...waiting
      .filter((each) => !ON_THE_WAY.has(each.reason ?? ''))
      .map((each) => `${each.reason ?? 'waiting'}: ${each.message ?? ''}`),
  ];
  return { pending: words };
}
