import { makeDocument } from '../../test/support/model/records';
import { objectionTo, warnOfChange } from './document-change';
import { RESOURCE_LABELS } from './resource-labels';
import { targetName } from './endpoints';
import { DEFAULT_RSYNC } from './movers/rsync';
import { initialState, recordTakeover } from './relationship-state';
import type { RelationshipState } from './relationship-state';
import type { Relationship } from './spec';

const document = makeDocument('wiki', {
  source: { host: 'alpha', directory: '/srv/a' },
  targets: [
    { host: 'beta', directory: '/srv/b' },
    { host: 'gamma', directory: '/srv/c' },
  ],
});

const takeover = {
  ...{ target: 'beta', from: 'alpha', pointId: 'p', capturedAt: '2026-11-01T00:00:00Z' },
  ...{ at: '2026-11-01T01:00:00Z', workflowId: 'w', fenced: true },
};

function failedOver(): RelationshipState {
  const state = { ...initialState('wiki'), document };
  recordTakeover(state, takeover, 2);
  return state;
}

/** The document with other endpoints. */
const changed = (spec: Partial<Relationship['spec']>): Relationship => ({
  ...document,
  spec: { ...document.spec, ...spec },
});
const without = (name: string) =>
  changed({ targets: document.spec.targets.filter((target) => targetName(target) !== name) });
const movedSource = changed({ source: { ...document.spec.source, directory: '/elsewhere' } });

test('any document may be taken while the source of the spec is the primary', () => {
  const state = { ...initialState('wiki'), document };
  for (const wanted of [without('beta'), movedSource]) expect(objectionTo(state, wanted)).toBeUndefined();
});

test('after a failover the new primary may not be dropped; whatever else may change, the old primary too', () => {
  expect(objectionTo(failedOver(), without('beta'))).toMatch(
    /beta:\/srv\/b is the primary of wiki now.*name it as its source/,
  );
  for (const wanted of [without('gamma'), movedSource]) {
    expect(objectionTo(failedOver(), wanted)).toBeUndefined();
  }
});

test('while the primary changes only the same document may be applied', () => {
  const operation = { kind: 'failover' as const, workflowId: 'w', startedAt: '', reason: 'request' };
  const state = { ...initialState('wiki'), document, operation };
  expect(objectionTo(state, without('gamma'))).toContain('failover runs');
  expect(objectionTo(state, structuredClone(document))).toBeUndefined();
  const syncing = { ...state, operation: { ...operation, kind: 'sync' as const } };
  expect(objectionTo(syncing, without('gamma'))).toBeUndefined();
});

test('what is excluded later is said to go, and nothing is said of any other change', () => {
  const excluding = (exclude: string[], include: string[] = []) =>
    changed({ mover: { rsync: { ...DEFAULT_RSYNC, exclude, include } } });
  const before = excluding(['*.tmp'], ['keep.tmp']);
  expect(warnOfChange(before, excluding(['*.tmp', 'cache/'], ['keep.tmp']))).toEqual([
    expect.stringMatching(/excluded now \(cache\/\) is removed .* keep it/),
  ]);
  expect(warnOfChange(before, excluding(['*.tmp']))).toEqual([
    expect.stringMatching(/no longer included \(keep\.tmp\) is removed/),
  ]);
  for (const wanted of [before, excluding([]), excluding(['*.tmp'], ['keep.tmp', 'more.tmp'])])
    expect(warnOfChange(before, wanted)).toEqual([]);
  expect(warnOfChange(undefined, before)).toEqual([]);
});

test('whoever changes by hand what a resource keeps is warned that it is put back', () => {
  const byHand = document;
  const labels = { [RESOURCE_LABELS.resource]: 'shop/mysql', [RESOURCE_LABELS.cluster]: 'east' };
  const kept = { ...byHand, metadata: { ...byHand.metadata, labels } };
  expect(warnOfChange(kept, byHand)).toEqual([
    expect.stringMatching(/^resource shop\/mysql of cluster east keeps this relationship, and puts it back/),
  ]);
  expect(warnOfChange(kept, kept)).toEqual([]);
  expect(warnOfChange(byHand, kept)).toEqual([]);
});
