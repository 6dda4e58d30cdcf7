/** What a pod's own state says about a program in it that ended, or did not start. Pure. */
import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';

/**
 * As the end of a sentence: `is gone`, `has ended: OOMKilled, exit code 137`. Undefined where pod and container are well.
 * @param pod undefined where there is none of this name
 * @param wasKilled a program of it was, by no known hand: the container may have been started anew since
 */
export function describePod(
  pod: V1Pod | undefined,
  container: string,
  { wasKilled = false } = {},
): string | undefined {
  if (!pod) return 'is gone';
  if (pod.metadata?.deletionTimestamp) return 'is being deleted';
  const { phase, reason, message, containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const statuses = [...containerStatuses, ...initContainerStatuses];
  const { state, lastState } = statuses.find(({ name }) => name === container) ?? {};
  if (phase === 'Failed' && reason) return `has failed: ${reason}${message ? ` (${message})` : ''}`;
  if (phase === 'Failed' || phase === 'Succeeded' || state?.terminated)
    return `has ended${describeEnd(state)}`;
  if (!state?.running)
    return `does not run: ${state?.waiting?.reason ?? phase ?? 'it was just made'}${describeEnd(lastState)}`;
  return wasKilled && lastState?.terminated ? `was started anew${describeEnd(lastState)}` : undefined;
}

function describeEnd({ terminated }: V1ContainerState = {}): string {
  if (!terminated) return '';
  return ` (${terminated.reason ?? 'stopped'}, exit code ${terminated.exitCode})`;
}
