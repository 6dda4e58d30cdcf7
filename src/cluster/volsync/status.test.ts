import type { RelationshipStatus } from '../../model/status';
import { formatGoDuration } from './go-duration';
import type { VolSyncResource } from './resource';
import { type Seen, volsyncStatusOf } from './status';

const AT = new Date('2026-11-30T12:00:00Z');
const resource = (spec: object, status: object = {}, kind: VolSyncResource['kind'] = 'ReplicationSource') =>
  ({
    ...{ apiVersion: 'volsync.backube/v1alpha1', kind, status },
    metadata: { name: 'db', namespace: 'shop', uid: 'u' },
    spec: { restic: {}, ...spec },
  }) as VolSyncResource;
const relationship = (more: object = {}, target: object = {}) =>
  ({
    ...{ phase: 'Idle', paused: false, sequence: 4 },
    lastSync: {
      ...{ result: 'succeeded', startedAt: '2026-11-30T11:58:00.250Z', endedAt: '2026-11-30T11:59:05.900Z' },
      ...{ bytes: 10, files: 2, durationSeconds: 65.65 },
    },
    targets: [{ result: 'succeeded', sequence: 4, ...target }],
    ...more,
  }) as unknown as RelationshipStatus;
const tell = (seen: Partial<Seen> & Pick<Seen, 'resource'>) =>
  volsyncStatusOf({ method: 'restic', at: AT, ...seen });
const schedule = { trigger: { schedule: '0 * * * *' } };

test('a sync that came through is told with when, how long, and what comes next', () => {
  const nextRun = '2026-11-30T13:00:00Z';
  const status = tell({ resource: resource(schedule), found: relationship(), nextRun });
  expect(status).toMatchObject({
    ...{ lastSyncTime: '2026-11-30T11:59:05Z', lastSyncDuration: '1m4.75s', nextSyncTime: nextRun },
    latestMoverStatus: { result: 'Successful' },
    conditions: [{ type: 'Synchronizing', status: 'False', reason: 'WaitingForSchedule' }],
  });
  expect(status).not.toHaveProperty('lastSyncStartTime');
});

test('what was done by whoever served the resource before stays told, and nothing is begun for it', () => {
  const former = {
    ...{ lastManualSync: 'once', lastSyncTime: '2026-06-30T10:00:00Z', lastSyncDuration: '3s' },
    latestImage: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'theirs' },
    latestMoverStatus: { result: 'Successful' as const, logs: 'restored' },
  };
  const manual = { trigger: { manual: 'once' } };
  expect(tell({ resource: resource(manual, former, 'ReplicationDestination') })).toEqual({
    ...former,
    conditions: [
      {
        ...{ type: 'Synchronizing', status: 'False', reason: 'WaitingForManual' },
        ...{ message: 'Waiting for manual trigger', lastTransitionTime: '2026-11-30T12:00:00Z' },
      },
    ],
  });
  const anew = resource({ trigger: { manual: 'again' } }, former, 'ReplicationDestination');
  expect(tell({ resource: anew }).conditions).toMatchObject([{ reason: 'SyncInProgress' }]);
});

test('a transfer that failed is no error, and goes on', () => {
  const lastError = { type: 'ToolFailed', message: 'restic failed' };
  const former = { lastSyncTime: '2026-11-30T10:00:00Z', lastSyncStartTime: '2026-11-30T11:00:00Z' };
  const lastSync = { ...relationship().lastSync, result: 'failed' };
  const found = relationship({ phase: 'Retrying', lastSync }, { result: 'failed', lastError });
  expect(tell({ resource: resource(schedule, former), found })).toMatchObject({
    ...former,
    latestMoverStatus: { result: 'Failed', logs: expect.stringContaining('restic failed') as string },
    conditions: [{ status: 'True', reason: 'SyncInProgress', message: 'Synchronization in-progress' }],
  });
});

test('what waits for an approval says so, and no next sync', () => {
  const approval = { reason: 'it would delete 60% of db' };
  const found = relationship({ phase: 'WaitingForApproval', approval }, { result: 'failed' });
  const status = tell({ resource: resource(schedule), found, nextRun: '2026-11-30T13:00:00Z' });
  expect(status.conditions).toMatchObject([{ status: 'False', reason: 'Error', message: approval.reason }]);
  expect(status).not.toHaveProperty('nextSyncTime');
});

test('a restore of nothing has come through, and is told to be one', () => {
  const manual = resource({ trigger: { manual: 'a' } }, {}, 'ReplicationDestination');
  const lastError = { type: 'PointMissing', message: 'none is the newest' };
  const lastSync = { ...relationship().lastSync, result: 'failed' };
  const found = relationship({ phase: 'Retrying', lastSync }, { result: 'failed', lastError });
  const status = tell({ resource: manual, found, asked: { tag: 'a', after: 0 } });
  expect(status).toMatchObject({
    ...{ lastManualSync: 'a', lastSyncTime: '2026-11-30T11:59:05Z' },
    latestMoverStatus: {
      result: 'Successful',
      logs: expect.stringContaining('No data will be restored') as string,
    },
    conditions: [{ reason: 'WaitingForManual' }, { type: 'RestoredNothing', status: 'True' }],
  });
  expect(status).not.toHaveProperty('latestImage');
});

test('a volume that is empty by now is no backup, and takes none away', () => {
  const lastError = {
    type: 'ApprovalRequired',
    message: 'the source is empty, and the newest point holds 3',
  };
  const lastSync = { ...relationship().lastSync, result: 'failed' };
  const approval = { reason: lastError.message };
  const found = relationship(
    { phase: 'WaitingForApproval', approval, lastSync },
    { result: 'failed', lastError },
  );
  expect(tell({ resource: resource(schedule), found })).toMatchObject({
    latestMoverStatus: { logs: '== Directory is empty skipping backup ==' },
    conditions: [{ status: 'False', reason: 'WaitingForSchedule' }],
  });
});

test('when a repository was last pruned is told, and stays told', () => {
  const prunedAt = '2026-11-30T11:59:01.250Z';
  const told = { restic: { lastPruned: '2026-11-30T11:59:01Z' } };
  expect(tell({ resource: resource(schedule), found: relationship({}, { prunedAt }) })).toMatchObject(told);
  expect(tell({ resource: resource(schedule, told), found: relationship() })).toMatchObject(told);
  expect(tell({ resource: resource(schedule), found: relationship() }).restic).toEqual({});
});

test('a tag is acknowledged once it was answered, and forgotten with it', () => {
  const open = resource({ trigger: { manual: 'b' } }, { lastManualSync: 'a' });
  const asked = { tag: 'b', after: 4 };
  expect(tell({ resource: open, found: relationship(), asked })).toMatchObject({
    lastManualSync: 'a',
    conditions: [{ status: 'True', reason: 'SyncInProgress' }],
  });
  const done = tell({ resource: open, found: relationship({}, { sequence: 5 }), asked });
  expect(done).toMatchObject({ lastManualSync: 'b', conditions: [{ reason: 'WaitingForManual' }] });
  const without = resource(schedule, { lastManualSync: 'a' });
  expect(tell({ resource: without, found: relationship() })).not.toHaveProperty('lastManualSync');
});

test.each([
  [0, '0s'],
  [250, '250ms'],
  [31_300, '31.3s'],
  [315_000, '5m15s'],
  [3_602_500, '1h0m2.5s'],
])('%d ms are %s, as Go has it', (ms, text) => {
  expect(formatGoDuration(ms)).toBe(text);
});
