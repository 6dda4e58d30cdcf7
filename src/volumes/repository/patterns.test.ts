import { movedExcludes, patternBelow } from './patterns';

const snapshot = (excludes: string[]) => ({
  id: '1',
  time: '',
  tags: [],
  hostname: '',
  paths: ['/a [b]'],
  excludes,
});

it.each([
  ['/cache', String.raw`/a \[b\]/cache`],
  ['*.tmp', String.raw`/a \[b\]/**/*.tmp`],
  ['deep/x', String.raw`/a \[b\]/**/deep/x`],
  ['!/cache/kept', String.raw`!/a \[b\]/cache/kept`],
  ['!kept', String.raw`!/a \[b\]/**/kept`],
])('makes of %s a pattern for what lies in the source, and nothing on the way there', (pattern, expected) => {
  expect(patternBelow('/a [b]', pattern)).toBe(expected);
});

it('means the same of the same tree in another place', () => {
  const patterns = ['/cache', '*.tmp', '!/cache/kept', '!kept'];
  const [from, to] = ['/a [b]', '/elsewhere*'].map((root) =>
    patterns.map((pattern) => patternBelow(root, pattern)),
  );
  expect(movedExcludes(snapshot(from ?? []), '/elsewhere*')).toEqual(to);
});
