import fc from 'fast-check';
import type { PointEntry } from '../../catalog/contract';
import { describePoints, keeperOf, layoutPoints } from './points';

const NOW = Date.UTC(2026, 10, 21, 12);

const point = (ageMs: number, keptBecause: string[], more: Partial<PointEntry> = {}): PointEntry => {
  const capturedAt = new Date(NOW - ageMs).toISOString();
  return {
    ...{
      id: `at ${capturedAt}`,
      target: 'beta',
      syncId: 's',
      capturedAt,
      publishedAt: capturedAt,
      verified: null,
    },
    ...{ keptBecause, bytes: 1, files: 1, method: 'HardLink', identity: 'i', leftOut: [], ...more },
  };
};

test('a point is marked by the rule that keeps it for longest', () => {
  expect(keeperOf({ keptBecause: ['newest', 'last 1', 'monthly 2026-11'] })).toBe('monthly');
  expect(keeperOf({ keptBecause: ['last 2', 'diverged'] })).toBe('diverged');
  expect(keeperOf({ keptBecause: ['somebody holds it'] })).toBe('other');
  expect(keeperOf({ keptBecause: [] })).toBe('other');
});

test('every point lies on the axis, the newer the more to the right, also where a clock runs ahead', () => {
  const ages = fc.array(fc.integer({ min: -3_600_000, max: 10 * 365 * 86_400_000 }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(ages, fc.integer({ min: 200, max: 2000 }), (given, width) => {
      const points = given.toSorted((one, other) => other - one).map((ageMs) => point(ageMs, ['daily x']));
      const { lanes, ticks } = layoutPoints(points, ['beta'], NOW, width);
      const xs = lanes[0]?.marks.map(({ x }) => x) ?? [];
      expect(xs).toEqual(xs.toSorted((one, other) => one - other));
      for (const x of [...xs, ...ticks.map(({ at }) => at)]) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width + 1e-6);
      }
      const gaps = ticks.slice(1).map(({ at }, index) => (ticks[index]?.at ?? 0) - at);
      expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(34);
    }),
  );
});

test('each target has a lane of its own, and a newest point', () => {
  const points = [
    point(1000, ['newest']),
    point(9e6, ['daily x']),
    point(5e7, ['daily x'], { target: 'gamma' }),
  ];
  const { lanes } = layoutPoints(points, ['beta', 'gamma'], NOW, 500);
  expect(lanes.map(({ target, marks }) => [target, marks.map(({ isNewest }) => isNewest)])).toEqual([
    ['beta', [true, false]],
    ['gamma', [true]],
  ]);
});

test('a picture of points is told in words', () => {
  const points = [point(1, ['newest'], { verified: '2026-11-21T10:00:00Z' }), point(2, ['diverged'])];
  expect(describePoints(points)).toBe('2 recovery points, 1 verified, 1 diverged');
});
