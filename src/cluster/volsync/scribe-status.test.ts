import type { VolSyncResource, VolSyncStatus } from './resource';
import { toldAs } from './scribe-status';

const resource = (group: string, status?: VolSyncStatus): VolSyncResource => ({
  ...{ apiVersion: `${group}/v1alpha1`, kind: 'ReplicationSource', metadata: { name: 'data' } },
  ...(status && { status }),
});

const synchronizing = (reason: string, message: string, lastTransitionTime: string): VolSyncStatus => ({
  conditions: [{ type: 'Synchronizing', status: 'False', reason, message, lastTransitionTime }],
});

const FULL: VolSyncStatus = {
  ...{ lastSyncTime: 'a', lastSyncStartTime: 'b', lastManualSync: 'c' },
  latestMoverStatus: { result: 'Successful' },
  restic: { lastUnlocked: 'd' },
  ...synchronizing('WaitingForSchedule', 'Waiting', 'then'),
};

test('what VolSync says, it says', () => {
  expect(toldAs(resource('volsync.backube'), FULL)).toBe(FULL);
});

test('of what Scribe does not know nothing is said to it, and its own condition is', () => {
  expect(toldAs(resource('scribe.backube'), FULL)).toEqual({
    ...{ lastSyncTime: 'a', lastManualSync: 'c' },
    conditions: [
      {
        ...{ type: 'Reconciled', status: 'True', reason: 'ReconcileComplete' },
        ...{ message: 'Reconcile complete', lastTransitionTime: 'then' },
      },
    ],
  });
});

test('why a resource of Scribe can not be served is told, and since when it is so', () => {
  const first = toldAs(resource('scribe.backube'), synchronizing('Error', 'no such claim', 'first'));
  expect(first.conditions).toEqual([
    {
      ...{ type: 'Reconciled', status: 'False', reason: 'ReconcileError' },
      ...{ message: 'no such claim', lastTransitionTime: 'first' },
    },
  ]);
  const later = toldAs(resource('scribe.backube', first), synchronizing('Error', 'no such claim', 'later'));
  expect(later).toEqual(first);
});
