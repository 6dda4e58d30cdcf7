import type { V1ContainerState, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { describePod } from './pod-state';

const podWith = (status: V1PodStatus, deletionTimestamp?: Date): V1Pod => ({
  metadata: { name: 'mover-1', ...(deletionTimestamp && { deletionTimestamp }) },
  status,
});
const running: V1ContainerState = { running: {} };
const killed: V1ContainerState = { terminated: { reason: 'OOMKilled', exitCode: 137 } };
const withContainer = (state: V1ContainerState, lastState: V1ContainerState = {}): V1PodStatus => ({
  phase: 'Running',
  containerStatuses: [
    { name: 'mover', image: '', imageID: '', ready: true, restartCount: 0, state, lastState },
  ],
});

it('says nothing of a pod that is well', () => {
  expect(describePod(podWith(withContainer(running)), 'mover')).toBeUndefined();
});

it('tells what became of a pod', () => {
  expect(describePod(undefined, 'mover')).toBe('is gone');
  expect(describePod(podWith(withContainer(running), new Date()), 'mover')).toBe('is being deleted');
  const evicted = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' };
  expect(describePod(podWith(evicted), 'mover')).toBe(
    'has failed: Evicted (The node was low on resource: memory.)',
  );
  expect(describePod(podWith({ phase: 'Pending' }), 'mover')).toBe('does not run: Pending');
});

it('tells what became of a container', () => {
  expect(describePod(podWith(withContainer(killed)), 'mover')).toBe('has ended (OOMKilled, exit code 137)');
  const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
  expect(describePod(podWith(withContainer(waiting, killed)), 'mover')).toBe(
    'does not run: CrashLoopBackOff (OOMKilled, exit code 137)',
  );
  const anew = podWith(withContainer(running, killed));
  expect(describePod(anew, 'mover')).toBeUndefined();
  expect(describePod(anew, 'mover', { wasKilled: true })).toBe('was started anew (OOMKilled, exit code 137)');
});
