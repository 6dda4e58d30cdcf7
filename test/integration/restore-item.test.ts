/** One file or folder of a recovery point is brought back, and nothing else is touched. */
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { compareTrees } from '../support/trees/compare-trees';
import { TestSystem } from '../support/system/system';
import { applyAndSync, parse, parseError, writeFiles } from '../support/system/user';

jest.setTimeout(120_000);

let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);

describe('one file or folder of a point', () => {
  const bring = (path: string, to: string, ...options: string[]) =>
    system.cli([
      ...[
        'restore',
        'wiki',
        '--point',
        'latest',
        '--path',
        path,
        '--to',
        `gamma:${to}`,
        '--yes',
        '-o',
        'json',
      ],
      ...options,
    ]);

  beforeAll(async () => {
    system = await TestSystem.start({ agents: { alpha: {}, beta: {}, gamma: {} } });
    await writeFiles(at('wiki'), {
      version: '1',
      'a/b/c': 'c',
      'a/b/d': 'd',
      'a/e': 'e',
      '-rf *?[x]\n:y': 'odd',
    });
    await chmod(at('wiki', 'a'), 0o2750);
    await symlink('/etc', at('wiki', 'away'));
    await applyAndSync(system, 'wiki', {
      source: { host: 'alpha', directory: at('wiki') },
      targets: [{ host: 'beta', directory: at('copies', 'wiki'), copyMethod: 'HardLink' }],
    });
  });
  afterAll(() => system.stop());

  it('lands at its path, with the folders on its way as they are in the point, and nothing else is touched', async () => {
    await writeFiles(at('some'), { mine: 'mine', 'a/mine': 'mine too' });
    await chmod(at('some', 'a'), 0o711);
    await chmod(at('some'), 0o701);
    expect(parse(await bring('a/b/c', at('some')))).toMatchObject({ path: 'a/b/c', bytes: 1 });
    expect((await stat(at('some'))).mode & 0o7777).toBe(0o701);
    expect((await stat(at('some', 'a'))).mode & 0o7777).toBe(0o711);
    expect((await readdir(at('some'), { recursive: true })).sort()).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/mine',
      'mine',
    ]);
    expect((await bring('a/e', at('new'))).exitCode).toBe(0);
    expect((await stat(at('new', 'a'))).mode & 0o7777).toBe(0o2750);
    for (const path of ['-rf *?[x]\n:y', 'away']) expect((await bring(path, at('new'))).exitCode).toBe(0);
    expect(await readFile(at('new', '-rf *?[x]\n:y'), 'utf8')).toBe('odd');
    expect(await readlink(at('new', 'away'))).toBe('/etc');
  });

  it('replaces what is there only with --overwrite, and that alone', async () => {
    await writeFiles(at('some'), { 'a/b/d': 'mine', 'a/b/extra': 'x' });
    expect(parseError(await bring('a/b', at('some')))).toMatchObject({ type: 'Diverged' });
    expect(parse(await bring('a/b', at('some'), '--overwrite', '--dry-run'))).toMatchObject({
      replaced: { entries: 4 },
      deleted: { entries: 1, examples: ['b/extra'] },
    });
    expect(await readFile(at('some', 'a', 'b', 'd'), 'utf8')).toBe('mine');
    expect((await bring('a/b', at('some'), '--overwrite')).exitCode).toBe(0);
    expect(await compareTrees(at('wiki', 'a', 'b'), at('some', 'a', 'b'))).toEqual([]);
    expect((await readdir(at('some', 'a'))).sort()).toEqual(['b', 'mine']);
  });

  it('changes no other name of the file that it replaces', async () => {
    const [replaced, other] = [at('some', 'a', 'b', 'd'), at('some', 'mine')];
    await writeFile(replaced, 'd');
    await rm(other);
    await link(replaced, other);
    await chmod(other, 0o600);
    expect((await bring('a/b/d', at('some'), '--overwrite')).exitCode).toBe(0);
    expect(await compareTrees(at('wiki', 'a', 'b'), at('some', 'a', 'b'))).toEqual([]);
    expect((await stat(other)).mode & 0o777).toBe(0o600);
  });

  it('never leads anywhere else', async () => {
    for (const path of ['../wiki', 'a/../../x', '/a/e', '.', 'a/.tidemark/x'])
      expect(await bring(path, at('lost'))).toMatchObject({ exitCode: 2, stdout: '' });
    for (const path of ['no/such', 'away/passwd', 'version/x'])
      expect(parseError(await bring(path, at('lost')))).toMatchObject({ type: 'InvalidSpec' });
    await expect(readdir(at('lost'))).rejects.toThrow('ENOENT');
    await mkdir(at('trap'));
    await mkdir(at('outside'));
    await symlink(at('outside'), at('trap', 'a'));
    expect(parseError(await bring('a/e', at('trap'), '--overwrite'))).toMatchObject({
      message: expect.stringContaining('symbolic link') as unknown,
    });
    expect(await readdir(at('outside'))).toEqual([]);
  });
});
