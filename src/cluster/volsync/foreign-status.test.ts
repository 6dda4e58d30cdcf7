import { findForeign } from './foreign-status';

const ours = {
  lastSyncTime: '2026-11-30T10:00:00Z',
  rsync: { address: 'a' },
  conditions: [{ type: 'Synchronizing', status: 'True' }],
};

test('what another operator has left is removed, at any depth', () => {
  const theirs = {
    ...ours,
    lastSyncDuration: '3s',
    rsync: { address: 'a', port: 22 },
    external: { provider: 'x' },
    conditions: [...ours.conditions, { type: 'Reconciled', status: 'True' }],
  };
  expect(findForeign(theirs, ours)).toEqual({
    ...{ lastSyncDuration: null, external: null },
    rsync: { port: null },
    conditions: ours.conditions,
  });
});

test('nothing is to be done where the status is what we say', () => {
  expect(findForeign(structuredClone(ours), ours)).toBeUndefined();
});
