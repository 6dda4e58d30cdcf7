import type { FoundVersions, Looked } from '../../api/points';
import { formatFound } from './find';

const id = (sequence: number) => `20261121T080210Z-00000${sequence}`;
const capturedAt = (sequence: number) => `2026-11-2${sequence}T08:02:10.000Z`;
const found: Looked & FoundVersions = {
  ...{ relationship: 'wiki', target: 'beta', host: 'beta', unread: 0, isCut: false },
  points: [3, 2, 1].map((sequence) => ({ id: id(sequence), capturedAt: capturedAt(sequence) })),
  versions: [
    {
      ...{
        path: "a/it's",
        type: 'file',
        bytes: 1023 * 1024 + 1,
        modifiedAt: '2026-11-20T08:00:00.123456789Z',
      },
      ...{ first: id(1), last: id(2) },
    },
  ],
};

test('versions fit 80 columns, with the points from which to which they are there, and since when they are gone', () => {
  const lines = formatFound(found, 'it*', false).split('\n');
  const table = lines.filter((line) => !line.includes('tidemark restore'));
  expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines[2]).toContain(id(2));
  expect(lines[3]).toContain(`not in ${id(3)} any more`);
});

test('it ends with a command that a shell takes, of a name that can be typed', () => {
  const [version] = found.versions;
  if (!version) throw new Error('there is one');
  expect(formatFound(found, 'it*', false)).toContain(
    String.raw`--target beta --point ${id(2)} --path 'a/it'\''s' --to HOST:/path`,
  );
  const odd = { ...found, versions: [{ ...version, path: String.raw`a/\#377` }] };
  expect(formatFound(odd, '*', false)).not.toContain('tidemark restore');
});

test('what was not read, or not shown, is said', () => {
  const part = { ...found, unread: 7, isCut: true, isLive: true as const, unreadable: 'find: x: denied' };
  const text = formatFound({ ...part, versions: [] }, 'x', false);
  expect(text).toContain(`3 points read, 7 older ones not: add --before ${capturedAt(1)}`);
  for (const said of ['nothing called x', 'more than is shown', 'two states', 'find: x: denied'])
    expect(text).toContain(said);
});

test('a line for each point names every point of a version', () => {
  const text = formatFound(found, 'it*', true);
  expect(text.match(/^ {2}\d{8}T\S+/gm)).toEqual([`  ${id(2)}`, `  ${id(1)}`]);
});
