import { countStretches, findDifferent, readDigests, STRETCH_BYTES } from './digests';

const sum = (letter: string) => letter.repeat(64);

test('each stretch that differs is told by its first and last byte', () => {
  const bytes = 2 * STRETCH_BYTES + 10;
  expect(countStretches(bytes)).toBe(3);
  const one = [sum('a'), sum('b'), sum('c')];
  expect(findDifferent(one, one, bytes)).toEqual([]);
  expect(findDifferent(one, [sum('a'), sum('b'), sum('d')], bytes)).toEqual([
    { from: 2 * STRETCH_BYTES, to: bytes - 1 },
  ]);
});

test('what was not summed up is not equal', () => {
  expect(findDifferent([], [], 10)).toEqual([{ from: 0, to: 9 }]);
});

test('sums are read from what either tool prints, and nothing else is one', () => {
  const told: number[] = [];
  const { digests, onLine } = readDigests(() => told.push(digests.length));
  for (const line of [`${sum('a')} *stdin`, `${sum('b')}  -`, 'head: error reading', sum('c')]) onLine(line);
  expect(digests).toEqual([sum('a'), sum('b')]);
  expect(told).toEqual([1, 2]);
});
