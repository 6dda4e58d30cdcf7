import type { Pod } from '../../hosts/cluster/objects';
import { judgePod } from './pod-state';

const pod = (status: NonNullable<Pod['status']>, metadata: object = {}): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod', spec: {}, status },
  metadata: { name: 'mover', ...metadata },
});
const container = (state: object) => [{ name: 'mover', state }];

it('takes a pod for one that programs run in only once it is running and ready', () => {
  const ready = [{ type: 'Ready', status: 'True' as const }];
  expect(judgePod(pod({ phase: 'Running', conditions: ready }))).toHaveProperty('done');
  expect(judgePod(pod({ phase: 'Running' }))).toEqual({ pending: [] });
  expect(judgePod(pod({ phase: 'Pending', conditions: ready }))).toEqual({ pending: [] });
});

it('says in the words of the scheduler why there is no node for it', () => {
  const message = '0/3 nodes are available: 3 node(s) had untolerated taint {backup: only}.';
  const conditions = [{ type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message }];
  expect(judgePod(pod({ phase: 'Pending', conditions }))).toEqual({ pending: [`Unschedulable: ${message}`] });
});

it('says which image can not be pulled, and waits: the registry may come back', () => {
  const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nowhere/mover:1"' };
  expect(judgePod(pod({ phase: 'Pending', containerStatuses: container({ waiting }) }))).toEqual({
    pending: ['ImagePullBackOff: Back-off pulling image "nowhere/mover:1"'],
  });
});

it('waits for nothing where no waiting mends it', () => {
  const waiting = { reason: 'ErrImageNeverPull', message: 'Container image is not present' };
  expect(judgePod(pod({ phase: 'Pending', containerStatuses: container({ waiting }) }))).toEqual({
    failed: 'ErrImageNeverPull: Container image is not present',
  });
});

it('says that it was evicted or is being deleted: another one may come; not where it was killed for its memory', () => {
  const evicted = pod({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'The node was low on resource: memory.',
  });
  expect(judgePod(evicted)).toEqual({
    lost: 'the pod has ended: Evicted: The node was low on resource: memory.',
  });
  const terminated = { reason: 'OOMKilled', exitCode: 137 };
  expect(judgePod(pod({ phase: 'Failed', containerStatuses: container({ terminated }) }))).toEqual({
    failed: 'the pod has ended: OOMKilled',
  });
  const running = { phase: 'Running' as const, conditions: [{ type: 'Ready', status: 'True' as const }] };
  expect(judgePod(pod(running, { deletionTimestamp: '2026-11-29T12:00:00Z' }))).toHaveProperty('lost');
});
