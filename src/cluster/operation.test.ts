import { makeOperationDefinition } from './operation-definition';
import { enterPhase, isOver, OPERATIONS, updateOf, type OperationSpec } from './operation';
import { describeOutcome } from './outcome';

test.each([
  [{ sync: { targets: ['a'] } }, { update: 'sync', argument: { targets: ['a'] } }],
  [
    { failover: { target: 'a', point: 'p' } },
    { update: 'failover', argument: { target: 'a', pointId: 'p' } },
  ],
  [{ drill: {} }, { update: 'drill', argument: {} }],
  [{ approve: {} }, { update: 'approve', argument: { by: 'me' } }],
  [{ approve: { by: 'you' } }, { update: 'approve', argument: { by: 'you' } }],
  [{ pause: {} }, { update: 'pause' }],
  [{}, undefined],
])('%j asks the relationship for %j', (spec, expected) => {
  expect(updateOf({ relationship: 'x', ...spec }, 'me')).toEqual(expected);
});

test('each operation has a key of the definition, and an update', () => {
  const definition = JSON.stringify(makeOperationDefinition());
  for (const operation of OPERATIONS) {
    expect(definition).toContain(`"${operation}":{"type":"object"`);
    const spec = { relationship: 'x', [operation]: { point: 'p', to: { host: 'h', path: '/p' } } };
    expect(updateOf(spec as OperationSpec, 'me')?.update).toBe(operation);
  }
});

test('an operation keeps its times from phase to phase, and is complete once it is over', () => {
  const begun = enterPhase({}, { phase: 'Running', message: '', workflow: 'w' }, '2026-11-30T10:00:00Z');
  const waits = enterPhase(begun, { phase: 'Waiting', message: 'approve' }, '2026-11-30T10:01:00Z');
  expect(waits).toMatchObject({
    ...{ phase: 'Waiting', workflow: 'w', startedAt: '2026-11-30T10:00:00Z' },
    conditions: [{ status: 'False', reason: 'Waiting', lastTransitionTime: '2026-11-30T10:00:00Z' }],
  });
  const over = enterPhase(waits, { phase: 'Failed', message: 'no' }, '2026-11-30T10:02:00Z');
  expect(over).toMatchObject({
    ...{ workflow: 'w', startedAt: '2026-11-30T10:00:00Z', endedAt: '2026-11-30T10:02:00Z' },
    conditions: [{ type: 'Complete', status: 'True', reason: 'Failed', message: 'no' }],
  });
  expect([begun, waits, over].map(isOver)).toEqual([false, false, true]);
});

test.each([
  [
    { equal: true, pointId: 'p' },
    { phase: 'Succeeded', message: 'p is equal to its source' },
  ],
  [
    { equal: false, totalDifferences: 3, pointId: 'p' },
    { phase: 'Failed', message: 'not equal: 3 differences of p' },
  ],
  [
    { result: 'succeeded', rtoSeconds: 4 },
    { phase: 'Succeeded', message: 'a service answered after 4 s' },
  ],
  [
    { result: 'failed', failure: { message: 'no answer' } },
    { phase: 'Failed', message: 'no answer' },
  ],
  [{ result: 'cancelled' }, { phase: 'Cancelled', message: 'it was cancelled' }],
  [{ takeover: { target: 'a', from: 'b' } }, { phase: 'Succeeded', message: 'a took over from b' }],
  [undefined, { phase: 'Succeeded', message: 'done' }],
])('of the answer %j, %j is told', (answer, expected) => {
  expect(describeOutcome(answer)).toEqual(expected);
});
