import { isOdd, keptFolder, keyOf, makeStateId, parseKept, stateAt, manifestKey, isFileKey } from './layout';

it.each([
  'page',
  'a b',
  'deep/ein käse'.normalize('NFC'),
  '#x',
  ';x',
  '*[1]?',
  'a:b',
  String.raw`back\slash`,
  '.hidden',
  'a..b',
])('keeps the name %j', (name) => expect(keyOf(Buffer.from(name).toString('latin1'))).toBe(name));

it.each([
  'line\nbreak',
  'bad\u00ff',
  ' first',
  'last ',
  'dot.',
  'tab\there',
  'x'.repeat(250),
  'a/ b/c',
  `${'d/'.repeat(450)}x`,
])('puts %j under a name of ours', (path) => {
  expect(isOdd(path)).toBe(true);
  expect(keyOf(path)).toMatch(/^\.tidemark\/odd\/[0-9a-f]{64}$/);
  expect(isFileKey(keyOf(path))).toBe(true);
});

test('what rclone would write as its own sign for something is no name to be trusted either', () => {
  for (const text of ['q\u201bz', 'pic\u240a', 'wide\uff0f'])
    expect(isOdd(Buffer.from(text).toString('latin1'))).toBe(true);
});

test('what was replaced is found again by its folder', () => {
  const folder = { replaced: makeStateId(3, 'ab'), by: makeStateId(4, 'cd') };
  expect(parseKept(`${keptFolder(folder)}/deep/page`)).toEqual({ ...folder, key: 'deep/page' });
  expect(parseKept('.tidemark/kept/hers/deep/page')).toBeUndefined();
  expect(parseKept('deep/page')).toBeUndefined();
});

test('a manifest is told from what else lies beside it', () => {
  const id = makeStateId(12, 'ab');
  expect(stateAt(manifestKey(id))).toBe(id);
  expect(stateAt('.tidemark/states/notes.txt')).toBeUndefined();
  expect(isFileKey(manifestKey(id))).toBe(false);
});
