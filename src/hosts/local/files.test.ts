import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '.';

const host = makeLocalHost({ name: 'alpha', home: '/nonexistent' });
const { files } = host;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('writes a file with exactly its mode, makes its folders, and leaves nothing beside it', async () => {
  const path = join(folder, 'a/b/state.json');
  await files.write(path, 'one');
  await files.write(path, 'two', 0o664);
  expect(await files.read(path)).toBe('two');
  expect((await stat(path)).mode & 0o777).toBe(0o664);
  expect(await files.list(join(folder, 'a/b'))).toEqual(['state.json']);
});

it('keeps the old content, and nothing half-made, where writing fails', async () => {
  const path = join(folder, 'state');
  await mkdir(path);
  await writeFile(join(path, 'inside'), '');
  await expect(files.write(path, 'can not replace a folder')).rejects.toThrow();
  expect(await files.list(folder)).toEqual(['state']);
});

it('shows readers the old content or the new, never a part', async () => {
  const path = join(folder, 'state');
  const contents = ['a', 'b'].map((letter) => letter.repeat(300_000));
  await files.write(path, 'a'.repeat(300_000));
  const writes = (async () => {
    for (let round = 0; round < 20; round++) await files.write(path, contents[round % 2] ?? '');
    return true;
  })();
  for (let done = false; !done; done = await Promise.race([writes, Promise.resolve(false)])) {
    const content = await files.read(path);
    expect(contents.includes(content ?? '')).toBe(true);
  }
});

it('answers nothing for what is not there', async () => {
  expect(await files.read(join(folder, 'none'))).toBeUndefined();
  expect(await files.list(join(folder, 'none'))).toEqual([]);
  await files.remove(join(folder, 'none'));
});

it('removes whole trees, with names of any bytes, and never follows a symlink', async () => {
  const kept = join(folder, 'kept');
  await files.mkdir(kept);
  await writeFile(join(kept, 'file'), 'x');
  const tree = join(folder, '-tree');
  await files.mkdir(join(tree, 'deep'), 0o700);
  await symlink(kept, join(tree, 'link'));
  await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0x0a, 0xfe])]), 'x');
  await chmod(tree, 0o500);
  await symlink(kept, join(folder, 'link'));
  await files.remove(tree);
  await files.remove(join(folder, 'link'));
  await expect(lstat(tree)).rejects.toThrow('ENOENT');
  expect(await files.list(folder)).toEqual(['kept']);
  expect(await readFile(join(kept, 'file'), 'utf8')).toBe('x');
});

it('renames over what is there', async () => {
  await files.write(join(folder, 'a'), 'new');
  await files.write(join(folder, 'b'), 'old');
  await files.rename(join(folder, 'a'), join(folder, 'b'));
  expect(await files.list(folder)).toEqual(['b']);
  expect(await files.read(join(folder, 'b'))).toBe('new');
});
