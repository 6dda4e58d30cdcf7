import fc from 'fast-check';
import {
  describeLeftOut,
  LEFT_OUT_EXAMPLES,
  LEFT_OUT_REASONS,
  type LeftOut,
  leftOutLines,
  mergeLeftOut,
} from './left-out';

const paths = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), { maxLength: 8 });
const entries: fc.Arbitrary<LeftOut> = fc
  .tuple(fc.constantFrom(...LEFT_OUT_REASONS), paths, fc.nat(1000))
  .map(([reason, examples, more]) => ({ reason, examples, count: examples.length + more }));
const lists = fc.array(fc.array(entries, { maxLength: 6 }), { maxLength: 4 });

const total = (list: readonly LeftOut[]) => list.reduce((sum, { count }) => sum + count, 0);

test('merging loses no entry, and tells each reason once', () => {
  fc.assert(
    fc.property(lists, (given) => {
      const merged = mergeLeftOut(...given);
      expect(total(merged)).toBe(total(given.flat()));
      expect(new Set(merged.map(({ reason }) => reason)).size).toBe(merged.length);
      for (const { count, examples } of merged) {
        expect(count).toBeGreaterThan(0);
        expect(examples.length).toBeLessThanOrEqual(LEFT_OUT_EXAMPLES);
        for (const path of examples) expect([...path].length).toBeLessThanOrEqual(200);
      }
    }),
  );
});

test('what is left out fits the width, whatever its names are', () => {
  fc.assert(
    fc.property(lists, (given) => {
      const lines = leftOutLines(mergeLeftOut(...given), 76);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(76);
    }),
  );
});

test('says how many, of what, and some of them', () => {
  const list: LeftOut[] = [
    { reason: 'mount', count: 2, examples: ['var/cache', 'srv/data'] },
    { reason: 'socket', count: 1, examples: ['run/app.sock'] },
    { reason: 'owner', count: 30, examples: ['a', 'b'] },
    { reason: 'time', count: 1, examples: [] },
  ];
  expect(describeLeftOut(list)).toBe(
    '2 mounts, 1 socket, the owner of 30 entries, the exact time of 1 entry',
  );
  expect(leftOutLines(list, 76)).toEqual([
    '2 mounts (var/cache, srv/data)',
    '1 socket (run/app.sock)',
    'the owner of 30 entries (a, b, …)',
    'the exact time of 1 entry',
  ]);
});
