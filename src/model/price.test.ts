import fc from 'fast-check';
import { choosePoint, makePrice } from './price';
import type { PriceFindings } from './price';
import type { Comparison, Failure, Point } from './records';

const NOW = Date.parse('2026-11-21T10:00:00.000Z');

function makePoint(sequence: number, more: Partial<Point> = {}): Point {
  const capturedAt = new Date(NOW - 3_600_000 + sequence * 1000).toISOString();
  return {
    ...{ id: `p${sequence}`, syncId: `wiki-${sequence}`, sequence, capturedAt, publishedAt: capturedAt },
    ...{ method: 'HardLink', identity: String(sequence), bytes: 1000, files: 10 },
    ...more,
  };
}

function findings(more: Partial<PriceFindings> = {}): PriceFindings {
  return {
    ...{ relationship: 'wiki', target: 'beta', host: 'beta', volume: '/srv/wiki', broken: false, nowMs: NOW },
    points: [makePoint(1), makePoint(2)],
    ...more,
  };
}

const arbitraryPoints = fc
  .array(
    fc.record({
      diverged: fc.boolean(),
      verified: fc.boolean(),
      isDirect: fc.boolean(),
      offsetMs: fc.integer({ min: -1e9, max: 1e6 }),
    }),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(({ diverged, verified, isDirect, offsetMs }, index) => {
      const capturedAt = new Date(NOW + offsetMs).toISOString();
      return makePoint(index + 1, {
        capturedAt,
        method: isDirect ? 'Direct' : 'Snapshot',
        ...(diverged && { diverged }),
        ...(verified && { verifiedAt: capturedAt }),
      });
    }),
  );
const arbitraryComparison: fc.Arbitrary<Comparison | Failure | undefined> = fc.option(
  fc.oneof(
    fc.nat({ max: 5000 }).map((total) => ({
      ...{ total, unexplained: 0, bytes: total * 7 },
      differences: Array.from({ length: Math.min(total, 1000) }, (_, index) => ({
        ...{ path: `file-${index}`, what: ['content'], changedSince: true },
      })),
    })),
    fc.constant<Failure>({ type: 'HostUnreachable', message: 'no agent answers for host alpha' }),
  ),
  { nil: undefined },
);
const arbitraryFindings = fc
  .record({
    points: arbitraryPoints,
    comparison: arbitraryComparison,
    broken: fc.boolean(),
    pointId: fc.option(fc.constantFrom('p1', 'p2', 'p3', 'gone'), { nil: undefined }),
  })
  .map(({ points, comparison, broken, pointId }) =>
    findings({ points, broken, ...(comparison && { comparison }), ...(pointId && { pointId }) }),
  );

test('without a word it goes back to the newest copy of the source, never to what an old primary had for itself', () => {
  const own = makePoint(3, { diverged: true });
  expect(choosePoint([makePoint(1), makePoint(2), own], undefined)?.id).toBe('p2');
  expect(choosePoint([own], undefined)).toBeUndefined();
  expect(choosePoint([makePoint(1), own], own.id)).toBe(own);
});

test('what it goes back to is one of the points, or it is objected to', () => {
  fc.assert(
    fc.property(arbitraryFindings, (given) => {
      const { point, objections } = makePrice(given);
      if (point) expect(given.points.map(({ id }) => id)).toContain(point.id);
      else expect(objections).not.toEqual([]);
      if (given.pointId !== undefined && point) expect(point.id).toBe(given.pointId);
    }),
  );
});

test('whatever is not known is said to be unknown, and never given as nothing', () => {
  fc.assert(
    fc.property(arbitraryFindings, (given) => {
      const { comparison, points } = given;
      const price = makePrice(given);
      const isKnown = comparison !== undefined && !('type' in comparison);
      expect(price.changed !== null).toBe(isKnown);
      if (comparison && !isKnown) expect(price.unknown.join()).toContain(comparison.message);
      const chosen = points.find(({ id }) => id === price.point?.id);
      expect(price.verifiedAt).toBe(chosen?.verifiedAt ?? null);
      if (chosen && !chosen.verifiedAt) expect(price.unknown.join()).toContain('never verified');
    }),
  );
});

test('ages and counts are never below nothing, and examples stay few', () => {
  fc.assert(
    fc.property(arbitraryFindings, (given) => {
      const { ageSeconds, changed, newerPoints, point } = makePrice(given);
      expect(ageSeconds === null).toBe(point === null);
      if (ageSeconds !== null) expect(ageSeconds).toBeGreaterThanOrEqual(0);
      expect(newerPoints).toBeGreaterThanOrEqual(0);
      expect(newerPoints).toBeLessThan(Math.max(1, given.points.length));
      expect(changed?.examples.length ?? 0).toBeLessThanOrEqual(10);
      if (given.pointId === undefined) expect(newerPoints).toBe(0);
    }),
  );
});

test('a target that no sync ever reached is objected to', () => {
  const price = makePrice(findings({ points: [] }));
  expect(price).toMatchObject({ point: null, ageSeconds: null, newerPoints: 0 });
  expect(price.objections.join()).toContain('no sync to beta has ever ended');
});

test('a point that is not there is objected to by its name', () => {
  expect(makePrice(findings({ pointId: 'p9' })).objections).toEqual(['beta has no recovery point p9']);
});

test('an only copy that a transfer was cut off in is objected to; points of their own stay whole', () => {
  const direct = [makePoint(1, { method: 'Direct' })];
  expect(makePrice(findings({ points: direct, broken: true })).objections.join()).toContain('not whole');
  expect(makePrice(findings({ points: direct })).objections).toEqual([]);
  expect(makePrice(findings({ broken: true })).objections).toEqual([]);
});

test('what was written since, and what is left behind, is counted', () => {
  const difference = { path: 'a', what: ['content'], changedSince: true };
  const comparison = { differences: [difference], total: 3, unexplained: 0, bytes: 42 };
  expect(makePrice(findings({ comparison, pointId: 'p1' }))).toMatchObject({
    ageSeconds: 3599,
    changed: { entries: 3, bytes: 42, examples: ['a'] },
    newerPoints: 1,
  });
});

test('a point from the future says that a clock is wrong', () => {
  const point = makePoint(1, { capturedAt: new Date(NOW + 60_000).toISOString() });
  const price = makePrice(findings({ points: [point] }));
  expect(price.ageSeconds).toBe(0);
  expect(price.unknown.join()).toContain('a clock is wrong');
});
