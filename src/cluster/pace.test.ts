import fc from 'fast-check';
import { idleMsOf, type Looked, paceAfter, type Run } from './pace';

const at = { count: 1, nowMs: Date.parse('2026-11-30T08:00:00Z') };
const idle: Looked = { isBusy: false, isWrong: false };

function pausesOf(looks: readonly (Looked | undefined)[], where = at): number[] {
  let run: Run | undefined;
  return looks.map((looked) => {
    const next = paceAfter(run, looked, where);
    run = next.run;
    return next.pauseMs;
  });
}

test('what goes on is looked at soon, and ever more rarely while it is the same', () => {
  const busy = { ...idle, isBusy: true };
  const pauses = pausesOf([
    ...Array.from({ length: 20 }, () => ({ ...busy, doing: 'transfer' })),
    { ...busy, doing: 'publish' },
  ]);
  expect(pauses.slice(0, 3)).toEqual([2000, 2500, 3125]);
  expect(pauses.at(-2)).toBe(20_000);
  expect(pauses.at(-1)).toBe(2000);
});

test('what its schedule begins is looked at once it has begun', () => {
  expect(pausesOf([{ ...idle, dueAt: new Date(at.nowMs + 3000) }])).toEqual([4500]);
  expect(pausesOf([{ ...idle, dueAt: new Date(at.nowMs + 3_600_000) }])).toEqual([20_000]);
  expect(pausesOf([{ ...idle, dueAt: new Date(at.nowMs - 60_000) }])).toEqual([20_000]);
});

test('however many resources rest, or fail, or wait for somebody: fewer than two a second are looked at', () => {
  const looks = fc.constantFrom<Looked | undefined>(undefined, idle, {
    ...idle,
    isBusy: true,
    doing: 'await',
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), looks, (count, looked) => {
      const settled =
        pausesOf(
          Array.from({ length: 40 }, () => looked),
          { ...at, count },
        ).at(-1) ?? 0;
      expect(settled).toBeGreaterThanOrEqual(idleMsOf(count));
      expect((count * 1000) / settled).toBeLessThan(2);
    }),
  );
});

test('what fails is tried again soon at first, and never forgotten', () => {
  const pauses = pausesOf(Array.from({ length: 8 }, () => undefined));
  expect(pauses.slice(0, 3)).toEqual([2000, 4000, 8000]);
  expect(pauses.at(-1)).toBe(60_000);
});
