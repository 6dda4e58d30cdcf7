import fc from 'fast-check';
import { makeDocument } from '../../test/support/model/records';
import { pinLimitsOf, pinsAfter, planPins } from './pins';
import type { Pin, PinLimits } from './pins';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const DAY = 86_400_000;
const pin = (target: string, sequence: number, daysAgo: number, bytes?: number): Pin => ({
  target,
  syncId: `wiki-${String(sequence).padStart(6, '0')}`,
  capturedAt: new Date(NOW - daysAgo * DAY).toISOString(),
  ...(bytes !== undefined && { bytes }),
});
const week = (...targets: string[]): PinLimits => ({
  ageMs: Object.fromEntries(targets.map((target) => [target, 7 * DAY])),
});

test('what each target starts from next is kept, once where they share it', () => {
  const pins = [pin('beta', 9, 0), pin('gamma', 9, 0), pin('delta', 4, 2)];
  expect(planPins(pins, week('beta', 'gamma', 'delta'), NOW)).toEqual({
    keep: ['wiki-000009', 'wiki-000004'],
    givenUp: [],
  });
});

test('a target that is away for longer than pinLimit.age is given up, and the text says what comes of it', () => {
  expect(planPins([pin('beta', 9, 0), pin('gamma', 4, 8)], week('beta', 'gamma'), NOW)).toEqual({
    keep: ['wiki-000009'],
    givenUp: [
      {
        target: 'gamma',
        syncId: 'wiki-000004',
        text: 'target gamma is given up: its base wiki-000004 is 8d old, beyond pinLimit.age 7d; the next sync to it starts from an older base, or compares or sends everything',
      },
    ],
  });
});

test('beyond pinLimit.space the oldest go first, and the newest never', () => {
  const pins = [pin('beta', 9, 0, 900), pin('gamma', 6, 1, 60), pin('delta', 4, 2, 60)];
  const { keep, givenUp } = planPins(pins, { ...week(), spaceBytes: 100 }, NOW);
  expect(keep).toEqual(['wiki-000009', 'wiki-000006']);
  expect(givenUp).toMatchObject([{ target: 'delta' }]);
  expect(givenUp[0]?.text).toContain('pinLimit.space 100 B');
});

test('a base that a target with more patience needs is kept for that one', () => {
  const limits = { ageMs: { beta: DAY, gamma: 30 * DAY } };
  const { keep, givenUp } = planPins([pin('beta', 4, 8), pin('gamma', 4, 8)], limits, NOW);
  expect(keep).toEqual(['wiki-000004']);
  expect(givenUp).toMatchObject([{ target: 'beta' }]);
});

test('where the spec does not say, a target may be away for a week, or for two of its turns', () => {
  const far = { host: 'gamma', directory: '/srv/data', schedule: '0 3 1 * *' };
  const near = { host: 'beta', directory: '/srv/data' };
  const spec = { targets: [near, far], trigger: { schedule: '*/15 * * * *' } };
  expect(pinLimitsOf(makeDocument('wiki', spec).spec)).toEqual({
    ageMs: { beta: 7 * DAY, gamma: 62 * DAY },
  });
  const source = { host: 'alpha', directory: '/srv/data', pinLimit: { age: '3d', space: '2GiB' } };
  expect(pinLimitsOf(makeDocument('wiki', { ...spec, source }).spec)).toEqual({
    ageMs: { beta: 3 * DAY, gamma: 3 * DAY },
    spaceBytes: 2 * 1024 ** 3,
  });
});

test('who confirmed a sync has that as its base; the others keep theirs, as old as it is', () => {
  const [old, now] = [new Date(NOW - 8 * DAY).toISOString(), new Date(NOW).toISOString()];
  const held = { name: 'tank@4', kind: 'snapshot' as const, identity: '4', createdAt: old, ours: true };
  const pins = pinsAfter({
    ...{ syncId: 'wiki-000009', confirmed: ['beta'], nowMs: NOW },
    bases: { beta: 'wiki-000008', gamma: 'wiki-000004', delta: 'wiki-000002' },
    capturedAts: { beta: old, gamma: old },
    states: [{ ...held, syncId: 'wiki-000004', bytes: 7 }],
  });
  expect(pins).toEqual([
    { target: 'beta', syncId: 'wiki-000009', capturedAt: now },
    { target: 'gamma', syncId: 'wiki-000004', capturedAt: old, bytes: 7 },
    // Nobody knows how old it is.
    { target: 'delta', syncId: 'wiki-000002', capturedAt: now },
  ]);
});

/** Some targets, each with one of twelve states of the source; targets may share one, and its cost. */
const anyPins = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
    fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 13, maxLength: 13 }),
  )
  .map(([sequences, costs]) =>
    sequences.map((sequence, index) => pin(`t${index}`, sequence, 13 - sequence, costs[sequence])),
  );
const anyLimits = fc.record({
  ageMs: fc
    .array(fc.integer({ min: 0, max: 14 * DAY }), { minLength: 6, maxLength: 6 })
    .map((all) => Object.fromEntries(all.map((ageMs, index) => [`t${index}`, ageMs]))),
  spaceBytes: fc.integer({ min: 0, max: 3000 }),
});

test('every target is either kept for or given up, loudly; and what is kept is bounded by age and space', () => {
  fc.assert(
    fc.property(anyPins, anyLimits, (pins, limits) => {
      const { keep, givenUp } = planPins(pins, limits, NOW);
      const lost = new Set(givenUp.map(({ target }) => target));
      for (const { target, syncId } of pins) {
        if (!lost.has(target)) expect(keep).toContain(syncId);
      }
      expect(new Set(keep).size).toBe(keep.length);
      for (const syncId of keep) {
        const users = pins.filter((each) => each.syncId === syncId && !lost.has(each.target));
        expect(users.length).toBeGreaterThan(0);
        for (const each of users) {
          expect(NOW - Date.parse(each.capturedAt)).toBeLessThanOrEqual(limits.ageMs[each.target] ?? 0);
        }
      }
      const held = pins
        .filter(({ syncId }) => keep.includes(syncId))
        .toSorted((a, b) => b.syncId.localeCompare(a.syncId));
      const older = new Map(
        held.filter(({ syncId }) => syncId !== held[0]?.syncId).map((each) => [each.syncId, each]),
      );
      const costs = [...older.values()].reduce((sum, { bytes = 0 }) => sum + bytes, 0);
      expect(costs).toBeLessThanOrEqual(limits.spaceBytes);
      for (const { text } of givenUp)
        expect(text).toMatch(/^target t\d is given up: .*or compares or sends everything$/);
    }),
  );
});

test('more room or more patience gives nobody up who was kept for', () => {
  fc.assert(
    fc.property(anyPins, anyLimits, fc.nat({ max: 2000 }), (pins, limits, more) => {
      const before = planPins(pins, limits, NOW).keep;
      expect(planPins(pins, { ...limits, spaceBytes: limits.spaceBytes + more }, NOW).keep).toEqual(
        expect.arrayContaining(before),
      );
    }),
  );
});
