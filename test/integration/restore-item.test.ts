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
import type { FoundVersions, Looked, PointListing, PointsDiff } from '../../src/api/points';
import { compareTrees } from '../support/trees/compare-trees';
import { TestSystem } from '../support/system/system';
import { applyAndSync, parse, parseError, syncWell, writeFiles } from '../support/system/user';

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

  describe('is found before it is brought back', () => {
    let first: string;
    let gone: string;
    let newest: string;

    /** What the commands ask, without a process of their own. */
    async function ask<Answer>(look: string, request: object): Promise<Looked & Answer> {
      const temporal = await system.temporal();
      const { document } = await temporal.status('wiki');
      return await temporal.runApart(
        look,
        'wiki',
        { document, request: { limit: 500, ...request } },
        'A look',
      );
    }
    const list = (request: object = {}) => ask<PointListing>('listPoint', request);
    const find = (pattern: string) => ask<FoundVersions>('findInPoints', { pattern });
    const diff = (request: object) => ask<PointsDiff>('diffPoints', request);

    beforeAll(async () => {
      first = (await list()).point.id;
      await writeFiles(at('wiki'), { version: 'two' });
      await rm(at('wiki', 'a', 'e'));
      await syncWell(system, 'wiki');
      gone = (await list()).point.id;
      await writeFiles(at('wiki'), { version: 'the third' });
      await syncWell(system, 'wiki');
      newest = (await list()).point.id;
    });

    /** What a command ends with, typed as it stands there, but for the place. */
    async function follow(stdout: string, to: string): Promise<void> {
      const [, typed = ''] = /^ {2}tidemark (restore .*) --to HOST:\/path$/m.exec(stdout) ?? [];
      expect(typed).not.toBe('');
      const { exitCode } = await system.cli([...typed.split(' '), '--to', `gamma:${to}`, '--yes']);
      expect(exitCode).toBe(0);
    }

    it('by a list of what a point holds, within 80 columns, which ends with how to bring it back', async () => {
      const top = await list({ pointId: first });
      expect(top).toMatchObject({ point: { id: first }, target: 'beta', host: 'beta', more: 0 });
      expect(top.entries.map(({ path, type }) => `${path} ${type}`)).toEqual([
        '-rf *?[x]\n:y file',
        'a folder',
        'away link',
        'version file',
      ]);
      const deep = await list({ pointId: first, path: 'a', deep: true, limit: 2 });
      expect([deep.entries.map(({ path }) => path), deep.more]).toEqual([['a/b', 'a/b/c'], 2]);
      const args = ['ls', 'wiki', 'a', '-l', '-r', '--after', 'a/b/d', '--point', first];
      const { stdout } = await system.cli(args);
      expect(stdout).toContain('a/e');
      for (const line of stdout.split('\n').filter((each) => !each.startsWith('  tidemark')))
        expect(line.length).toBeLessThanOrEqual(80);
      await follow(stdout, at('by-list'));
      expect(await readFile(at('by-list', 'a', 'e'), 'utf8')).toBe('e');
    });

    it('by its name in all points: from which to which it is there, and in which version', async () => {
      const found = await find('e');
      expect(found.points.map(({ id }) => id)).toEqual([newest, gone, first]);
      expect(found).toMatchObject({
        isCut: false,
        versions: [{ path: 'a/e', bytes: 1, first, last: first }],
      });
      const { stdout } = await system.cli(['find', 'wiki', 'e']);
      expect(stdout).toContain(`not in ${gone} any more`);
      await follow(stdout, at('by-name'));
      expect(await readFile(at('by-name', 'a', 'e'), 'utf8')).toBe('e');
      const { versions } = await find('/ver*');
      expect(versions.map(({ bytes, last }) => [bytes, last])).toEqual([
        [9, newest],
        [3, gone],
        [1, first],
      ]);
      const each = await system.cli(['find', 'wiki', 'a/**/c', '--all-points']);
      expect(each.stdout.match(/^ {2}\d{8}T/gm)).toHaveLength(3);
      expect(await find('nowhere')).toMatchObject({ versions: [], unread: 0 });
    });

    it('by what changed between two points, or since one', async () => {
      const { changes } = await diff({ pointId: first, otherId: gone });
      expect(changes).toEqual([
        { path: 'a/e', change: 'removed', type: 'file', bytes: { before: 1 } },
        {
          ...{ path: 'version', change: 'changed', type: 'file' },
          ...{ what: ['size', 'time'], bytes: { before: 1, after: 3 } },
        },
      ]);
      expect(await diff({ pointId: newest })).toMatchObject({ after: null, isLive: true, changes: [] });
      expect((await diff({ pointId: first, otherId: 'latest', path: 'a' })).changes).toHaveLength(1);
      const { stdout } = await system.cli(['diff', 'wiki', '--point', first, '--point', gone]);
      expect(stdout).toContain('1 entry removed (1 B)');
    });

    it('and says what is wrong where there is no such thing', async () => {
      for (const [args, type, exitCode] of [
        [['ls', 'wiki', 'away/passwd'], 'InvalidSpec', 2],
        [['ls', 'wiki', '--point', 'never-was'], 'PointMissing', 3],
        [['ls', 'wiki', '--target', 'nobody'], 'RefusedByState', 3],
      ] as const) {
        const result = await system.cli([...args, '-o', 'json']);
        expect([parseError(result).type, result.exitCode]).toEqual([type, exitCode]);
      }
    });
  });
});
