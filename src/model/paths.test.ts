import fc from 'fast-check';
import { comparePaths, normalizePath, parseInnerPath, refuseFolder } from './paths';

const path = fc
  .array(fc.constantFrom('srv', 'a', 'b', '.', '', 'ab'), { maxLength: 6 })
  .map((parts) => `/${parts.join('/')}`);

test.each([
  ['/srv/wiki/', '/srv/wiki'],
  ['//srv//wiki', '/srv/wiki'],
  ['/srv/./wiki/.', '/srv/wiki'],
  ['/', '/'],
  ['///', '/'],
  ['/.', '/'],
  ['/srv/.hidden', '/srv/.hidden'],
  ['srv/wiki/', 'srv/wiki/'],
])('%s is spelt %s', (given, expected) => {
  expect(normalizePath(given)).toBe(expected);
});

test('a path has one spelling, which stays as it is', () => {
  fc.assert(
    fc.property(path, (text) => expect(normalizePath(normalizePath(text))).toBe(normalizePath(text))),
  );
});

test.each([
  ['/srv/wiki', '/srv/wiki/', 'same'],
  ['/srv/wiki/a', '/srv/wiki', 'inside'],
  ['/srv', '/srv/wiki', 'contains'],
  ['/srv/wiki', '/', 'inside'],
  ['/srv/wiki', '/srv/wiki2', undefined],
  ['/srv/wiki', '/srv/other', undefined],
])('%s beside %s: %s', (one, other, expected) => {
  expect(comparePaths(one, other)).toBe(expected);
});

test('what lies inside is what the other contains', () => {
  const mirrored = { same: 'same', inside: 'contains', contains: 'inside' } as const;
  fc.assert(
    fc.property(path, path, (one, other) => {
      const how = comparePaths(one, other);
      expect(comparePaths(other, one)).toBe(how && mirrored[how]);
    }),
  );
});

const NEVER = [
  ...[
    '/',
    '//',
    '/bin',
    '/boot',
    '/dev',
    '/etc',
    '/lib',
    '/lib64',
    '/lib32',
    '/proc',
    '/root',
    '/run',
    '/sbin',
  ],
  ...[
    '/sys',
    '/usr',
    '/var',
    '/home',
    '/srv',
    '/opt',
    '/mnt',
    '/media',
    '/tmp',
    '/tmp/',
    '/proc/1',
    '/sys/fs',
  ],
  ...['/dev/sda', '/dev/shm', '/srv/wiki/.tidemark', '/srv/.tidemark/points/x'],
];
test.each(NEVER)('%s is neither a source nor a target', (folder) => {
  expect(refuseFolder(folder, 'source')).toBeDefined();
  expect(refuseFolder(folder, 'target')).toBeDefined();
});

const READ_ONLY = [
  '/etc/nginx',
  '/usr/local',
  '/usr/share/x',
  '/boot/efi',
  '/lib/modules',
  '/var/lib',
  '/var/log',
];
test.each(READ_ONLY)('%s may be a source, and is never a target', (folder) => {
  expect(refuseFolder(folder, 'source')).toBeUndefined();
  expect(refuseFolder(folder, 'target')).toBeDefined();
});

const FINE = [
  ...[
    '/srv/wiki',
    '/home/ada',
    '/opt/x',
    '/mnt/disk',
    '/media/usb',
    '/var/lib/wiki',
    '/tmp/x',
    '/root/x',
    '/run/x/y',
  ],
  ...['/data', '/libation', '/libs/x', '/dev/shm/x', '/usrlocal', '/etcetera', '/srv/tidemark'],
];
test.each(FINE)('%s may be either', (folder) => {
  expect(refuseFolder(folder, 'source')).toBeUndefined();
  expect(refuseFolder(folder, 'target')).toBeUndefined();
});

test.each([
  ['a/b', 'a/b'],
  ['./a//b/.', 'a/b'],
  ['a/', 'a'],
  ['-rf', '-rf'],
  ['...', '...'],
  ['a b/*?[]\n', 'a b/*?[]\n'],
  ['..a/b..', '..a/b..'],
  ['x'.repeat(255), 'x'.repeat(255)],
])('%j is the path %j inside of a tree', (text, expected) => {
  expect(parseInnerPath(text)).toEqual({ path: expected });
});

test.each([
  '',
  '.',
  './',
  '/',
  '/a',
  '//a',
  '..',
  '../a',
  'a/../b',
  'a/..',
  'a\0b',
  '.tidemark',
  'a/.tidemark/b',
])('%j is no path inside of a tree', (text) => {
  expect(parseInnerPath(text)).toHaveProperty('problem');
});

test('a path inside of a tree never leads out of it, and is no longer than paths can be', () => {
  const part = fc.oneof(fc.constantFrom('.', '..', '', 'a', '.tidemark'), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const parsed = parseInnerPath(parts.join('/'));
      if ('problem' in parsed) return;
      expect(normalizePath(`/t/${parsed.path}`)).toBe(`/t/${parsed.path}`);
      expect(parsed.path.split('/')).not.toContain('..');
      expect(parseInnerPath(parsed.path)).toEqual(parsed);
    }),
  );
  expect(parseInnerPath('ä'.repeat(128))).toHaveProperty('problem');
  expect(parseInnerPath(Array(1001).fill('abc').join('/'))).toHaveProperty('problem');
});
