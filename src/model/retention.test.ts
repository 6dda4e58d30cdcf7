import fc from 'fast-check';
import { planRetention } from './retention';
import type { RetainablePoint } from './retention';
import type { RetainSpec } from './spec';

/**
 * Points in a tiny notation, oldest first: `21T08:00 21T09:10` are two points of November 2026, in
 * the order of their syncs. A point's id is its time as written.
 */
function points(text: string): RetainablePoint[] {
  return text.split(' ').map((time, index) => {
    const date = time.includes('-') ? time : `2026-11-${time}`;
    return { id: time, sequence: index + 1, capturedAt: new Date(`${date}Z`).toISOString() };
  });
}

/** The plan in the same notation: `time: reason, reason` of each kept point. */
function plan(text: string, retain: RetainSpec): string[] {
  return planRetention(points(text), retain).keep.map(({ id, because }) => `${id}: ${because.join(', ')}`);
}

describe('by example', () => {
  test('last keeps the newest so many', () => {
    expect(plan('21T08:00 21T09:00 21T10:00', { last: 2 })).toEqual([
      '21T09:00: last 2',
      '21T10:00: newest, last 1',
    ]);
  });

  test('hourly keeps the newest point of each hour that has one, hours without one not counted', () => {
    expect(plan('21T02:00 21T08:00 21T08:30 21T11:10 21T11:50', { hourly: 2 })).toEqual([
      '21T08:30: hourly 2026-11-21T08',
      '21T11:50: newest, hourly 2026-11-21T11',
    ]);
  });

  test('a point is kept for every reason that holds', () => {
    expect(plan('20T23:00 21T08:00', { last: 1, hourly: 1, daily: 2, monthly: 1, yearly: 1 })).toEqual([
      '20T23:00: daily 2026-11-20',
      '21T08:00: newest, last 1, hourly 2026-11-21T08, daily 2026-11-21, monthly 2026-11, yearly 2026',
    ]);
  });

  test('weeks are those of ISO 8601, also around the new year', () => {
    const text =
      '2024-12-29T12:00 2024-12-30T12:00 2025-01-05T12:00 2026-12-31T12:00 2027-01-03T12:00 2027-01-04T12:00';
    expect(plan(text, { weekly: 9 })).toEqual([
      '2024-12-29T12:00: weekly 2024-W52',
      '2025-01-05T12:00: weekly 2025-W01',
      '2027-01-03T12:00: weekly 2026-W53',
      '2027-01-04T12:00: newest, weekly 2027-W01',
    ]);
  });

  test('within counts back from the newest point, its end included', () => {
    expect(plan('20T07:59 20T08:00 20T20:00 21T08:00', { within: '1d' })).toEqual([
      '20T08:00: within 1d',
      '20T20:00: within 1d',
      '21T08:00: newest, within 1d',
    ]);
  });

  test('the newest point is kept even where no rule keeps any', () => {
    expect(plan('21T08:00 21T09:00', {})).toEqual(['21T09:00: newest']);
    expect(plan('21T08:00 21T09:00', { hourly: 0, daily: 0 })).toEqual(['21T09:00: newest']);
  });

  test('a clock that jumps back neither hides the newest point nor opens an hour twice', () => {
    expect(plan('21T08:00 21T09:00 21T08:20 21T08:40', { hourly: 9 })).toEqual([
      '21T09:00: hourly 2026-11-21T09',
      '21T08:40: newest, hourly 2026-11-21T08',
    ]);
  });

  test('diverged points stay, and displace no others', () => {
    const all = points('21T08:00 21T09:00 21T10:00 21T10:30');
    const diverged = all.map((point, index) =>
      index % 2 === 1 ? { ...point, diverged: true as const } : point,
    );
    expect(planRetention(diverged, { last: 1, hourly: 1, within: '1m' })).toEqual({
      keep: [
        { id: '21T09:00', because: ['diverged'] },
        { id: '21T10:00', because: ['newest', 'last 1', 'hourly 2026-11-21T10', 'within 1m'] },
        { id: '21T10:30', because: ['diverged'] },
      ],
      remove: ['21T08:00'],
    });
  });

  test('nothing is planned for no points', () => {
    expect(planRetention([], { last: 3 })).toEqual({ keep: [], remove: [] });
  });
});

describe('whatever the points and the rules', () => {
  const count = fc.option(fc.nat({ max: 6 }), { nil: undefined });
  const COUNTED = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
  const retain: fc.Arbitrary<RetainSpec> = fc
    .record({
      last: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
      hourly: count,
      daily: count,
      weekly: count,
      monthly: count,
      yearly: count,
      within: fc.option(fc.constantFrom('0s', '45m', '5h', '3d', '52w'), { nil: undefined }),
    })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
  /** Times lie minutes, days or years apart, and in no order. */
  const time = fc
    .tuple(fc.nat({ max: 300 }), fc.constantFrom(60_000, 3_600_000, 86_400_000, 1_000_000_000))
    .map(([steps, size]) => new Date(Date.UTC(2026, 10, 21) + steps * size).toISOString());
  const somePoints = fc
    .array(time, { minLength: 1, maxLength: 40 })
    .map((times) => times.map((capturedAt, index) => ({ id: `p${index}`, sequence: index, capturedAt })));
  const mixedPoints = fc
    .tuple(somePoints, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }))
    .map(([all, marks]) =>
      all.map((point, index): RetainablePoint => (marks[index] ? { ...point, diverged: true } : point)),
    );
  const keptIds = (all: RetainablePoint[], rules: RetainSpec) =>
    planRetention(all, rules).keep.map(({ id }) => id);

  test('each point is either kept, for a reason, or removed', () => {
    fc.assert(
      fc.property(mixedPoints, retain, (all, rules) => {
        const { keep, remove } = planRetention(all, rules);
        expect([...keep.map(({ id }) => id), ...remove].sort()).toEqual(all.map(({ id }) => id).sort());
        expect(keep.every(({ because }) => because.length > 0)).toBe(true);
      }),
    );
  });

  test('the newest point stays', () => {
    fc.assert(
      fc.property(somePoints, retain, (all, rules) => {
        expect(planRetention(all, rules).keep.at(-1)).toMatchObject({
          id: all.at(-1)?.id,
          because: expect.arrayContaining(['newest']) as string[],
        });
      }),
    );
  });

  test('diverged points stay for that reason alone, and change nothing for the others', () => {
    fc.assert(
      fc.property(mixedPoints, retain, (all, rules) => {
        const { keep, remove } = planRetention(all, rules);
        const diverged = new Set(all.flatMap((point) => (point.diverged ? [point.id] : [])));
        const kept = keep.filter(({ id }) => diverged.has(id));
        expect(kept).toEqual([...diverged].map((id) => ({ id, because: ['diverged'] })));
        const others = all.filter(({ id }) => !diverged.has(id));
        const expected = planRetention(others, rules);
        expect({ keep: keep.filter(({ id }) => !diverged.has(id)), remove }).toEqual(expected);
      }),
    );
  });

  test('planning again for what was kept removes nothing, and gives the same reasons', () => {
    fc.assert(
      fc.property(mixedPoints, retain, (all, rules) => {
        const first = planRetention(all, rules);
        const kept = new Set(first.keep.map(({ id }) => id));
        expect(
          planRetention(
            all.filter(({ id }) => kept.has(id)),
            rules,
          ),
        ).toEqual({ keep: first.keep, remove: [] });
      }),
    );
  });

  test('what one rule keeps alone is kept beside any others', () => {
    fc.assert(
      fc.property(somePoints, retain, (all, rules) => {
        const kept = new Set(keptIds(all, rules));
        for (const [rule, value] of Object.entries(rules)) {
          expect(keptIds(all, { [rule]: value }).filter((id) => !kept.has(id))).toEqual([]);
        }
      }),
    );
  });

  test('a greater count never keeps less', () => {
    fc.assert(
      fc.property(somePoints, retain, fc.constantFrom(...COUNTED), (all, rules, rule) => {
        const more = new Set(keptIds(all, { ...rules, [rule]: (rules[rule] ?? 0) + 1 }));
        expect(keptIds(all, rules).filter((id) => !more.has(id))).toEqual([]);
      }),
    );
  });

  test('the order in which points are listed changes nothing', () => {
    fc.assert(
      fc.property(
        somePoints.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        retain,
        ([all, shuffled], rules) => {
          expect(planRetention(shuffled, rules)).toEqual(planRetention(all, rules));
        },
      ),
    );
  });

  test('no more is kept than the counts add up to, and the newest, where nothing is kept by age', () => {
    fc.assert(
      fc.property(somePoints, retain, (all, { within: _, ...rules }) => {
        const sum = COUNTED.reduce((total, rule) => total + (rules[rule] ?? 0), 0);
        expect(keptIds(all, rules).length).toBeLessThanOrEqual(sum + 1);
      }),
    );
  });
});
