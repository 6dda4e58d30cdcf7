import { decodeManifest, encodeManifest, type Entry, findFault, identityOf } from './manifest';

const HASH = 'ab'.repeat(32);
const about = { mode: '644', uid: '0', gid: '0', mtime: '1700000000.000000001' };
const root: Entry = { path: '', type: 'd', ...about };
const file = (path: string, more: Partial<Entry> = {}): Entry => ({
  ...{ path, type: 'f', ...about, bytes: 1, sha256: HASH, ...more },
});
const head = { relationship: 'wiki', epoch: 1, syncId: 'wiki-000001' };

const entries: Entry[] = [
  root,
  file('bad\u00ff\n', { xattrs: { 'user.a': '00ff', 'system.posix_acl_access': '02' }, hasHoles: true }),
  { path: 'deep', type: 'd', ...about },
  file('deep/page', { object: { bytes: 1, time: 'then', hash: 'x' } }),
  file('deep/same', { linkOf: 'deep/page' }),
  { path: 'link', type: 'l', ...about, target: 'nowhere\u00ff' },
  { path: 'null', type: 'c', ...about, device: '1:3' },
];

test('everything comes back, names of any bytes too', () => {
  const manifest = { ...head, entries };
  expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
});

test('one that was cut off anywhere is none', () => {
  const text = encodeManifest({ ...head, entries });
  for (let end = 0; end < text.length - 1; end += 7)
    expect(() => decodeManifest(text.slice(0, end))).toThrow();
});

test('a state is what its files are, not where they lie, nor in which order that is told', () => {
  const elsewhere = entries.map(({ object: _object, ...entry }) => entry);
  const inOtherOrder = entries.map(
    (entry) => Object.fromEntries(Object.entries(entry).toReversed()) as unknown as Entry,
  );
  expect(identityOf(elsewhere)).toBe(identityOf(entries));
  expect(identityOf(inOtherOrder)).toBe(identityOf(entries));
  expect(identityOf([...entries.slice(0, -1)])).not.toBe(identityOf(entries));
  expect(identityOf(entries.map((entry) => ({ ...entry, mtime: '1.000000000' })))).not.toBe(
    identityOf(entries),
  );
});

// A store need not be trusted: nothing that it says leads out of the folder.
it.each([
  ['a way up', [root, file('../x')]],
  ['a way up in the middle', [root, file('deep/../../x')]],
  ['an absolute path', [root, file('/etc/passwd')]],
  ['a file below a symlink', [root, { path: 'l', type: 'l', ...about, target: '/etc' }, file('l/passwd')]],
  ['a file below a file', [root, file('x'), file('x/y')]],
  ['a file in no folder', [root, file('x/y')]],
  ['one name twice', [root, file('x'), file('x')]],
  [
    'a symlink and a folder of one name',
    [root, { path: 'l', type: 'l', ...about, target: '/' }, { path: 'l', type: 'd', ...about }],
  ],
  ['a further name of nothing', [root, file('x', { linkOf: 'y' })]],
  ['a further name of a way out', [root, file('x', { linkOf: '../y' })]],
  ['a file without a checksum', [root, { path: 'x', type: 'f', ...about, bytes: 1 }]],
  ['a root that is no folder', [{ path: '', type: 'l', ...about, target: '/etc' }]],
  ['no root', []],
] as [string, Entry[]][])('%s is refused', (_, wrong) => {
  expect(findFault(wrong)).toBeDefined();
  expect(() => decodeManifest(encodeManifest({ ...head, entries: wrong }))).toThrow();
});
