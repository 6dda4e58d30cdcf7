import fc from 'fast-check';
import { findDivergence, planStream, stepDown } from './plan-stream';
import type { StreamSituation } from './plan-stream';
import type { HeldState } from './records';

const state = (identity: string, more: Partial<HeldState> = {}): HeldState => ({
  identity,
  name: `tank/wiki@${identity}`,
  createdAt: '2026-11-21T08:00:00.000Z',
  kind: 'snapshot',
  ours: true,
  ...more,
});
const side = (...identities: string[]) => identities.map((identity) => state(identity));
const situation = (more: Partial<StreamSituation>): StreamSituation => ({
  source: [],
  target: [],
  targetExists: true,
  targetChanged: false,
  excluded: [],
  ...more,
});

test('the first stream is whole, and lands where the replica is to be', () => {
  expect(planStream(situation({ source: side('a'), targetExists: false }))).toEqual({
    how: 'full',
    into: 'replica',
  });
});

test('an incremental starts from the newest state that both hold, by identity, whatever it is called', () => {
  const target = [
    state('a', { name: 'backup/x@auto-1', ours: false }),
    state('b', { name: 'backup/x@sent' }),
  ];
  expect(planStream(situation({ source: side('a', 'b', 'c'), target }))).toEqual({
    how: 'incremental',
    into: 'replica',
    base: { identity: 'b', sourceName: 'tank/wiki@b', targetName: 'backup/x@sent' },
  });
});

test('where the newest is gone at the source, an older one is the base, and the replica stays until it is replaced', () => {
  const plan = planStream(situation({ source: side('a', 'd'), target: side('a', 'b') }));
  expect(plan).toMatchObject({ how: 'incremental-from-older-base', into: 'side', base: { identity: 'a' } });
});

test('a base that proved broken is left out, and the next one down is tried, to the last rung', () => {
  const both = { source: side('a', 'b'), target: side('a', 'b') };
  expect(planStream(situation({ ...both, excluded: ['b'] }))).toMatchObject({ base: { identity: 'a' } });
  const left = { excluded: ['a', 'b'] };
  expect(planStream(situation({ ...both, ...left }))).toMatchObject({ how: 'delta-onto-clone' });
  expect(planStream(situation({ ...both, ...left, withoutDelta: true }))).toEqual({
    how: 'full-into-side',
    into: 'side',
  });
});

test('where no state is common, files are compared with a clone of what the replica itself holds newest', () => {
  const target = [state('a'), state('b'), state('c', { kind: 'bookmark' }), state('d', { apart: true })];
  expect(planStream(situation({ source: side('x'), target }))).toEqual({
    how: 'delta-onto-clone',
    into: 'side',
    onto: { identity: 'b', targetName: 'tank/wiki@b' },
  });
  for (const none of [[], [state('c', { kind: 'bookmark' })], [state('d', { apart: true })]])
    expect(planStream(situation({ source: side('x'), target: none }))).toMatchObject({
      how: 'full-into-side',
    });
});

test('files are not compared twice in a row where that makes no state that both hold', () => {
  const target = [state('a'), state('b', { delta: true })];
  expect(planStream(situation({ source: side('x'), target }))).toMatchObject({ how: 'full-into-side' });
  // After the full stream, there is a base; where that is lost again, files are compared again.
  const after = [...target, state('y')];
  expect(planStream(situation({ source: side('y'), target: after }))).toMatchObject({ how: 'incremental' });
  expect(planStream(situation({ source: side('z'), target: after }))).toMatchObject({
    how: 'delta-onto-clone',
    onto: { identity: 'y' },
  });
});

test('what fails leads one rung down where that can mend it, and nowhere where it can not', () => {
  const both = situation({ source: side('a', 'b'), target: side('a', 'b') });
  const incremental = planStream(both);
  expect(stepDown(incremental, 'BaseLost', both)).toMatchObject({ excluded: ['b'] });
  expect(stepDown(incremental, 'ToolMissing', both)).toBeUndefined();
  const delta = planStream({ ...both, excluded: ['a', 'b'] });
  for (const type of ['ToolMissing', 'NotMounted', 'SourceChanged', 'BaseLost'] as const) {
    const left = stepDown(delta, type, { excluded: ['a', 'b'] });
    expect(left).toEqual({ excluded: ['a', 'b'], withoutDelta: true });
    const full = planStream({ ...both, ...left });
    expect(full).toMatchObject({ how: 'full-into-side' });
    expect(stepDown(full, type, { excluded: [], ...left })).toBeUndefined();
  }
  // Sending more would not help, or is not to be done unasked.
  for (const type of ['TargetFull', 'HostUnreachable', 'ApprovalRequired', 'Diverged', 'Cancelled'] as const)
    expect(stepDown(delta, type, both)).toBeUndefined();
  expect(stepDown(undefined, 'BaseLost', both)).toBeUndefined();
});

test('a bookmark is a base as good as any, and only where the snapshot is gone', () => {
  const bookmark = state('b', { kind: 'bookmark', name: 'tank/wiki#b' });
  const target = side('a', 'b');
  expect(planStream(situation({ source: [state('a'), bookmark], target }))).toMatchObject({
    how: 'incremental-from-bookmark',
    into: 'replica',
    base: { sourceName: 'tank/wiki#b', targetName: 'tank/wiki@b' },
  });
  for (const source of [
    [state('b'), bookmark],
    [bookmark, state('b')],
  ]) {
    expect(planStream(situation({ source, target }))).toMatchObject({ how: 'incremental' });
  }
  // Nothing can be received onto a bookmark.
  expect(planStream(situation({ source: side('b'), target: [bookmark] })).base).toBeUndefined();
});

test('what somebody did at the target is seen: changes, and snapshots that no sync made', () => {
  const both = { source: side('a'), target: side('a') };
  expect(findDivergence(situation(both))).toBeUndefined();
  expect(findDivergence(situation({ ...both, targetChanged: true }))).toEqual({ changed: true, foreign: [] });
  const foreign = state('x', { ours: false });
  expect(findDivergence(situation({ ...both, target: [...both.target, foreign] }))).toEqual({
    changed: false,
    foreign: [foreign],
  });
  // Older than the base: it came over, or was always there, and stays.
  expect(findDivergence(situation({ ...both, target: [foreign, ...both.target] }))).toBeUndefined();
  expect(findDivergence(situation({ targetExists: false }))).toBeUndefined();
});

test('two targets have their own bases: one that failed in the middle costs the other nothing', () => {
  const source = side('a', 'b', 'c');
  expect(planStream(situation({ source, target: side('a', 'b') })).base?.identity).toBe('b');
  expect(planStream(situation({ source, target: side('a') })).base?.identity).toBe('a');
});

const identities = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
const states = fc
  .tuple(identities, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }))
  .map(([ids, flags]) => ids.map((id, index) => state(id, { kind: flags[index] ? 'snapshot' : 'bookmark' })));
const situations: fc.Arbitrary<StreamSituation> = fc.record({
  source: states,
  target: states,
  targetExists: fc.boolean(),
  targetChanged: fc.boolean(),
  excluded: identities,
});

test('no plan writes onto a replica that is not the very state that the stream starts from', () => {
  fc.assert(
    fc.property(situations, (given) => {
      const { base, into } = planStream(given);
      const newest = given.target.findLast(({ kind }) => kind === 'snapshot')?.identity;
      if (into === 'replica' && base) {
        expect(base.identity).toBe(newest);
        expect(given.targetChanged).toBe(false);
      }
      if (into === 'replica' && !base) expect(given.targetExists).toBe(false);
    }),
  );
});

test('the base is held by both, not known to be broken, and no newer one of the source is', () => {
  fc.assert(
    fc.property(situations, (given) => {
      const { base } = planStream(given);
      const usable = ({ identity }: HeldState) =>
        !given.excluded.includes(identity) &&
        given.target.some((held) => held.identity === identity && held.kind === 'snapshot');
      expect(base?.identity).toBe(given.source.findLast(usable)?.identity);
    }),
  );
});

test('excluding the chosen base again and again ends with a full stream', () => {
  fc.assert(
    fc.property(situations, (given) => {
      const excluded = [...given.excluded];
      for (let step = 0; step <= given.source.length; step++) {
        const { base } = planStream({ ...given, excluded });
        if (!base) return;
        expect(excluded).not.toContain(base.identity);
        excluded.push(base.identity);
      }
      expect(planStream({ ...given, excluded }).base).toBeUndefined();
    }),
  );
});

test('what lies apart from the replica is a base like any other, and never in the way', () => {
  const apart = (identity: string) => state(identity, { ours: false, apart: true });
  const base = situation({ source: side('a', 'b'), target: [...side('a'), apart('x')] });
  expect(planStream(base)).toMatchObject({ how: 'incremental', base: { identity: 'a' } });
  expect(findDivergence(base)).toBeUndefined();
  expect(planStream(situation({ source: side('a', 'b'), target: [apart('x'), apart('a')] }))).toMatchObject({
    how: 'incremental',
    base: { identity: 'a' },
  });
});
