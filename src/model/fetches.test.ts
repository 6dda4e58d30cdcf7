import { checkParts } from '../../test/support/model/check-parts';
import { beginFetch, endFetch, endTarget, fetchingTargets, handOver, isFetchAlone, turnOf } from './fetches';
import { recordSyncEnd, recordTargetEnd } from './record-sync';
import type { SyncRecord, TargetOutcome } from './records';
import { applyDocument, initialState, phaseOf, type RelationshipState } from './relationship-state';
import type { Operation } from './status';

const sync = (sequence: number, targets?: string[]): Operation => ({
  kind: 'sync',
  workflowId: `relationship/wiki/sync/${sequence}`,
  startedAt: '2026-11-30T08:00:00.000Z',
  reason: 'request',
  ...(targets && { targets }),
});

function make(): RelationshipState & { document: NonNullable<RelationshipState['document']> } {
  const { relationship, problems } = checkParts({
    through: { bucket: 's3:company/wiki', credentials: 'company' },
    targets: [
      { host: 'edge1', directory: '/srv/wiki' },
      { host: 'edge2', directory: '/srv/wiki' },
      { host: 'edge2', directory: '/srv/second', name: 'second' },
    ],
  });
  if (!relationship) throw new Error(problems.join('\n'));
  const state = initialState('wiki');
  applyDocument(state, relationship);
  return { ...state, document: relationship };
}

test('a sync whose source is done with is no longer the operation that others wait for', () => {
  const state = { ...make(), operation: sync(1) };
  handOver(state, 'relationship/wiki/sync/7');
  expect(state).toMatchObject({ operation: { kind: 'sync' } });
  handOver(state, 'relationship/wiki/sync/1');
  expect(state.operation).toBeUndefined();
  expect(fetchingTargets(state)).toEqual(['edge1', 'edge2', 'second']);
  expect(phaseOf(state)).toBe('Syncing');
  endTarget(state, 'relationship/wiki/sync/1', 'edge1');
  expect(fetchingTargets(state)).toEqual(['edge2', 'second']);
  endFetch(state, 'relationship/wiki/sync/1');
  expect(state.fetches).toBeUndefined();
  expect(phaseOf(state)).toBe('Idle');
});

test('targets of one host fetch from one copy: while one does, the others are busy', () => {
  const state = make();
  beginFetch(state, { ...sync(1), targets: ['second'] });
  expect(fetchingTargets(state)).toEqual(['edge2', 'second']);
});

test('by the clock, those that fetch ask nothing of the source; who asks for them has it write first', () => {
  const { document } = make();
  expect(isFetchAlone(document, ['edge1', 'edge2'], 'schedule')).toBe(true);
  expect(isFetchAlone(document, ['edge1', 'bucket'], 'schedule')).toBe(false);
  expect(isFetchAlone(document, ['edge1'], 'request')).toBe(false);
});

test('only what needs a target that fetches waits for it, and nothing passes a change of the primary', () => {
  const state = make();
  expect(turnOf(state, { kind: 'failover' })).toBe('now');
  beginFetch(state, { ...sync(1), targets: ['edge1'] });
  expect(turnOf(state, { kind: 'sync', targets: ['bucket', 'edge2'] })).toBe('now');
  expect(turnOf(state, { kind: 'sync', targets: ['bucket', 'edge1'] })).toBe('waits');
  expect(turnOf(state, { kind: 'verify', targets: ['edge2'] })).toBe('now');
  expect(turnOf(state, { kind: 'restore' })).toBe('waits');
  for (const kind of ['failover', 'relocate', 'reverse', 'fence', 'retire'] as const) {
    expect(turnOf(state, { kind })).toBe('blocks');
  }
});

test('what a longer sync says of a target does not hide what a later one of it has brought', () => {
  const state = make();
  const outcome = (sequence: number): TargetOutcome => ({
    ...{ name: 'edge1', host: 'edge1', result: 'succeeded', attempts: 1 },
    point: {
      ...{ id: `point-${sequence}`, syncId: `wiki-${sequence}`, sequence, method: 'Snapshot' },
      ...{ capturedAt: '2026-11-30T08:00:00.000Z', publishedAt: '2026-11-30T08:00:00.000Z' },
      ...{ identity: 'x', bytes: 1, files: 1 },
    },
  });
  recordTargetEnd(state, outcome(3), 3);
  const record: SyncRecord = {
    ...{ syncId: 'wiki-2', relationship: 'wiki', sequence: 2, reason: 'request', result: 'succeeded' },
    ...{ startedAt: '2026-11-30T07:00:00.000Z', endedAt: '2026-11-30T09:00:00.000Z' },
    ...{ targets: [outcome(2)], workflowId: 'relationship/wiki/sync/2', runId: '' },
  };
  recordSyncEnd(state, record, record.endedAt, () => 0);
  expect(state.targets.find(({ name }) => name === 'edge1')?.recoveryPoint).toBe('point-3');
});
