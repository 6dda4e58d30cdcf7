import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseXattrs } from '../xattrs';
import type { Entry } from '../manifest';
import { parseFacl, renderFacl } from './facl';

const MTIME = '0.000000000';
const file = (path: string, more: Partial<Entry> = {}): Entry => ({
  ...{ path, type: 'f', mode: '644', uid: '1000', gid: '1000', mtime: MTIME, ...more },
});
const root: Entry = { path: '', type: 'd', mode: '755', uid: '0', gid: '0', mtime: MTIME };
const block = (name: string, ...lines: string[]) =>
  [
    `# file: ${name}`,
    '# owner: root',
    '# group: 0',
    ...lines,
    'user::rwx',
    'group::r-x',
    'other::r-x',
    '',
  ].join('\n');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-facl-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('setfacl gives back to a tree what is rendered, and getfacl tells what is parsed', () => {
  for (const at of ['one', 'two']) {
    mkdirSync(join(folder, at, 'data', 'in'), { recursive: true });
    writeFileSync(join(folder, at, 'data', 'a \\ b'), 'x');
    writeFileSync(join(folder, at, 'data', 'Käse'), 'x');
  }
  const data = join(folder, 'one', 'data');
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(join(data, 'Käse'), 4711, 4712);
  execFileSync('setfacl', ['-m', 'u:1234:rw,g:99:x', join(data, 'in'), join(data, 'a \\ b')]);
  execFileSync('setfacl', ['-d', '-m', 'g:5:rx', join(data, 'in')]);
  chmodSync(join(data, 'in'), 0o3751);
  chmodSync(join(data, 'Käse'), 0o4711);
  const getfacl = (at: string) =>
    execFileSync('getfacl', ['-n', '-R', 'data'], { cwd: join(folder, at) }).toString('latin1');
  const parsed = parseFacl(getfacl('one'));
  const told = parseXattrs(
    execFileSync('getfattr', ['-d', '-m', '-', '-e', 'hex', '-R', '.'], { cwd: data })
      .toString('latin1')
      .split('\n'),
  );
  expect(parsed.get('in')?.xattrs).toEqual(told.get('in'));
  expect(parsed.get('a \\ b')?.xattrs).toEqual(told.get('a \\ b'));
  expect(parsed.get('in')?.mode).toBe('3751');
  const name = Buffer.from('Käse').toString('latin1');
  expect(parsed.get(name)).toMatchObject({ mode: '4711', ...(isRoot && { uid: '4711', gid: '4712' }) });
  const entries = [...parsed].map(([path, permissions]) => ({ ...file(path), ...permissions }));
  const text = renderFacl(entries);
  expect(parseFacl(text)).toEqual(parsed);
  execFileSync('setfacl', ['--restore=-'], { cwd: join(folder, 'two'), input: Buffer.from(text, 'latin1') });
  expect(getfacl('two')).toBe(getfacl('one'));
});

test('names that break lines come back', () => {
  const names = ['new\nline', 'back\\slash', 'back\\012', 'cr\r'];
  const parsed = parseFacl(renderFacl([root, ...names.map((name) => file(name))]));
  expect([...parsed.keys()]).toEqual(['', ...names]);
});

test('users are those of the image that wrote it, and a name that nobody knows is refused', () => {
  const text = block('data') + '\n' + block('data/x').replace('owner: root', 'owner: daemon');
  expect(parseFacl(text).get('x')).toMatchObject({ uid: '2' });
  expect(() => parseFacl(text.replace('daemon', 'alice'))).toThrow('a user "alice", and nobody knows');
});

test.each([
  ['leads out', block('data/../etc/passwd')],
  ['leads out by octal digits', block(String.raw`data/\056\056/etc`)],
  ['is absolute, and elsewhere', block('/etc/shadow')],
  ['begins with another root', block('database/x')],
  ['has no name', '# owner: root\n# group: root\nuser::rwx\ngroup::r-x\nother::r-x\n'],
  ['is there twice', `${block('data/x')}\n${block('data/x')}`],
  ['has no owner', '# file: data/x\n# group: root\nuser::rwx\ngroup::r-x\nother::r-x\n'],
  ['has half an ACL', '# file: data/x\n# owner: 0\n# group: 0\nuser::rwx\n'],
  ['names somebody without a mask', block('data/x', 'user:5:rwx')],
  ['is cut off', `${block('data/x')}user::r`],
])('a file in which an entry %s is refused whole', (_, text) => {
  expect(() => parseFacl(`${block('data')}\n${text}`)).toThrow();
});

test('one that says nothing of the volume itself is refused', () => {
  expect(() => parseFacl('')).toThrow('nothing of data');
  expect(() => parseFacl(block('data/x'))).toThrow('nothing of data');
});
