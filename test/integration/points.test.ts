/** Recovery points over time: which are kept and why, and how they are brought back. */
import { randomBytes } from 'node:crypto';
import {
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { TestSystem } from '../support/system/system';
import { applyAndSync, parse, parseError, syncWell, writeDocument, writeFiles } from '../support/system/user';

jest.setTimeout(120_000);

const MiB = 1024 ** 2;

let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
const spec = (retain: RelationshipInput['spec']['retain']): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('wiki') },
  targets: [{ host: 'beta', directory: at('copies', 'wiki'), copyMethod: 'HardLink' }],
  retain,
});
const points = () => system.points('wiki');
const sequences = async () => (await points()).map(({ id }) => Number(id.slice(-6)));
const trees = () => readdir(at('copies', '.tidemark', 'wiki', 'wiki', 'trees'));
const versionAt = (folder: string) => readFile(join(folder, 'version'), 'utf8');

async function writeVersion(version: number): Promise<void> {
  await writeFiles(at('wiki'), { version: String(version) });
}

beforeAll(async () => {
  system = await TestSystem.start({ agents: { alpha: {}, beta: {}, gamma: {} } });
  await writeFiles(at('wiki'), { version: '1', constant: 'the same for ever' });
  await applyAndSync(system, 'wiki', spec({ last: 3, daily: 1 }));
  for (let version = 2; version <= 5; version++) {
    await writeVersion(version);
    await syncWell(system, 'wiki');
  }
});
afterAll(() => system.stop());

describe('retention', () => {
  it('keeps what the spec says and removes the rest, also from the disk', async () => {
    expect(await sequences()).toEqual([5, 4, 3]);
    expect(await trees()).toHaveLength(3);
  });

  it('is explained, point by point', async () => {
    const [newest, , oldest] = await points();
    expect(newest?.keptBecause).toEqual([
      'newest',
      'last 1',
      expect.stringMatching(/^daily \d{4}-\d\d-\d\d$/),
    ]);
    expect(oldest?.keptBecause).toEqual(['last 3']);
    const { stdout } = await system.cli(['points', 'wiki', '--explain']);
    const [head = '', ...lines] = stdout.trim().split('\n');
    expect(head).toContain('KEPT BECAUSE');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/newest, last 1, daily/);
    expect((await system.cli(['points', 'wiki'])).stdout).not.toContain('last 1');
  });

  it('costs nothing for a state that did not change: points share it', async () => {
    await syncWell(system, 'wiki');
    const found = await points();
    expect(found.map(({ id }) => Number(id.slice(-6)))).toEqual([6, 5, 4]);
    expect(found[0]?.identity).toBe(found[1]?.identity);
    expect(await trees()).toHaveLength(2);
  });

  it('follows a changed spec with the next sync, in either direction', async () => {
    await system.apply(writeDocument('wiki', spec({ last: 1 })));
    await syncWell(system, 'wiki');
    expect(await sequences()).toEqual([7]);
    await system.apply(writeDocument('wiki', spec({ within: '1d' })));
    for (let version = 6; version <= 8; version++) {
      await writeVersion(version);
      await syncWell(system, 'wiki');
    }
    expect(await sequences()).toEqual([10, 9, 8, 7]);
    expect((await points()).at(-1)?.keptBecause).toEqual(['within 1d']);
  });
});

describe('restore', () => {
  const ask = (point: string, to: string, ...options: string[]) =>
    system.cli(['restore', 'wiki', '--point', point, '--to', to, '-o', 'json', ...options]);
  const restore = (point: string, to: string, ...options: string[]) => ask(point, to, '--yes', ...options);

  it('brings any point to any host: the target, the source, or a third', async () => {
    const found = await points();
    for (const [index, host] of ['alpha', 'beta', 'gamma'].entries()) {
      const to = at('restored', host);
      const ran = await restore(found[index]?.id ?? '', `${host}:${to}`);
      expect(parse(ran)).toMatchObject({
        relationship: 'wiki',
        pointId: found[index]?.id,
        to: { host, path: to },
        files: 3,
      });
      expect(await versionAt(to)).toBe(String(8 - index));
    }
  });

  it('refuses a folder that is not empty, and leaves it as it was', async () => {
    await writeFiles(at('full'), { mine: 'mine' });
    const ran = await restore('latest', `gamma:${at('full')}`);
    expect(ran.exitCode).toBe(1);
    expect(parseError(ran)).toMatchObject({
      type: 'Diverged',
      hint: expect.stringContaining('--overwrite') as unknown,
    });
    expect(await readdir(at('full'))).toEqual(['mine']);
  });

  it('makes such a folder exactly the point with --overwrite', async () => {
    expect((await restore('latest', `gamma:${at('full')}`, '--overwrite')).exitCode).toBe(0);
    expect(await compareTrees(at('wiki'), at('full'))).toEqual([]);
  });

  it('takes an empty folder as it is', async () => {
    await mkdir(at('empty'));
    expect((await restore('latest', `alpha:${at('empty')}`)).exitCode).toBe(0);
    expect(await versionAt(at('empty'))).toBe('8');
  });

  it('says what it would replace and delete, and changes nothing before somebody says yes', async () => {
    await writeFiles(at('asked'), { version: 'mine', 'old/one': '1', 'old/two': '22' });
    const before = await describeTree(at('asked'));
    const to = `gamma:${at('asked')}`;
    const plan = parse(await ask('latest', to, '--overwrite', '--dry-run'));
    expect(plan).toMatchObject({
      ...{ dryRun: true, files: 3, to: { host: 'gamma', path: at('asked') } },
      replaced: { entries: 4, bytes: 7, newestChange: expect.stringMatching(/^20/) as unknown },
      deleted: { entries: 3, examples: expect.arrayContaining(['old/one', 'old/two']) as unknown },
    });
    const unasked = await ask('latest', to, '--overwrite');
    expect(unasked).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unasked.stderr).toContain('--yes');
    expect(unasked.stderr).toContain('4 entries, 7 B, newest change');
    expect(unasked.stderr).toContain('3 entries: old');
    expect(await describeTree(at('asked'))).toEqual(before);
    expect(parse(await restore('latest', to, '--overwrite'))).toMatchObject({ deleted: { entries: 3 } });
    expect(await compareTrees(at('wiki'), at('asked'))).toEqual([]);
  });

  it("replaces what has another content by the point's, whatever its size and time say", async () => {
    const path = at('full', 'constant');
    await writeFile(path, 'THE SAME FOR EVER');
    const { atimeNs, mtimeNs } = await stat(at('wiki', 'constant'), { bigint: true });
    expect((await stat(path)).size).toBe((await stat(at('wiki', 'constant'))).size);
    await utimes(path, Number(atimeNs) / 1e9, Number(mtimeNs) / 1e9);
    expect((await restore('latest', `gamma:${at('full')}`, '--overwrite')).exitCode).toBe(0);
    expect(await readFile(path, 'utf8')).toBe('the same for ever');
  });

  it('changes no name elsewhere of a file that it replaces, not even its mode', async () => {
    const [to, other] = [at('full'), at('name-elsewhere')];
    await writeFile(other, await readFile(at('wiki', 'version')), { mode: 0o600 });
    await rm(join(to, 'version'));
    await link(other, join(to, 'version'));
    expect((await restore('latest', `gamma:${to}`, '--overwrite')).exitCode).toBe(0);
    expect(await compareTrees(at('wiki'), to)).toEqual([]);
    expect((await stat(other)).mode & 0o777).toBe(0o600);
  });

  it('brings all that is in the point, also what the spec leaves out by now', async () => {
    const mover = { rsync: { exclude: ['constant'] } };
    await system.apply(writeDocument('wiki', { ...spec({ within: '1d' }), mover }));
    const oldest = (await points()).at(-1)?.id ?? '';
    expect((await restore(oldest, `gamma:${at('unfiltered')}`)).exitCode).toBe(0);
    expect((await readdir(at('unfiltered'))).sort()).toEqual(['constant', 'version']);
    await system.apply(writeDocument('wiki', spec({ within: '1d' })));
    await syncWell(system, 'wiki');
  });

  it('says which points there are where the one asked for is not', async () => {
    const ran = await restore('20200101T000000Z-000001', `alpha:${at('nowhere')}`);
    expect(ran.exitCode).toBe(3);
    expect(parseError(ran)).toMatchObject({
      type: 'PointMissing',
      message: 'there is no recovery point 20200101T000000Z-000001',
      hint: 'tidemark points wiki lists what there is',
    });
    await expect(readdir(at('nowhere'))).rejects.toThrow('ENOENT');
  });

  it('works while the relationship is paused: that is when one wants to', async () => {
    await system.cli(['pause', 'wiki']);
    expect((await restore('latest', `alpha:${at('paused')}`)).exitCode).toBe(0);
    await system.cli(['resume', 'wiki']);
  });
});

describe('room for a restore', () => {
  let disk: TestFilesystem;
  const on = (...parts: string[]) => join(disk.mountPoint, ...parts);
  const bring = (to: string, ...options: string[]) =>
    system.cli([
      'restore',
      'big',
      '--point',
      'latest',
      '--to',
      `gamma:${on(to)}`,
      '--yes',
      '-o',
      'json',
      ...options,
    ]);
  beforeAll(async () => {
    disk = await TestFilesystem.make('tmpfs', { size: '16M' });
    await mkdir(at('big'));
    await writeFile(at('big', 'data'), randomBytes(6 * MiB));
    await link(at('big', 'data'), at('big', 'another'));
    await link(at('big', 'data'), at('big', 'third'));
    await writeFile(at('big', 'holes'), '');
    await truncate(at('big', 'holes'), 2 ** 27);
    await applyAndSync(system, 'big', {
      source: { host: 'alpha', directory: at('big') },
      targets: [{ host: 'beta', directory: at('copies', 'big') }],
    });
  });
  afterAll(() => disk.dispose());

  it('is not refused for holes and for further names of a file, which take none', async () => {
    expect((await bring('new')).exitCode).toBe(0);
    expect(await compareTrees(at('big'), on('new'))).toEqual([]);
    await rm(on('new'), { recursive: true });
  });

  it('is missing before anything is changed, also where a part of it is there', async () => {
    await writeFiles(on('partly'), { mine: 'kept' });
    await writeFile(on('partly', 'data'), randomBytes(4 * MiB));
    await writeFile(on('filler'), randomBytes(11 * MiB));
    const before = await describeTree(on('partly'));
    expect(parseError(await bring('partly', '--overwrite'))).toMatchObject({
      type: 'TargetFull',
      message: expect.stringMatching(/^at least 2.*MiB are needed: .* are missing$/) as unknown,
    });
    expect(await describeTree(on('partly'))).toEqual(before);
    await rm(on('filler'));
    expect((await bring('partly', '--overwrite')).exitCode).toBe(0);
    expect(await compareTrees(at('big'), on('partly'))).toEqual([]);
  });
});

describe('what belongs to somebody', () => {
  const mounted: string[] = [];
  const host = () => makeLocalHost({ name: 'gamma', home: system.agentHome('gamma') });
  afterAll(async () => {
    for (const point of mounted.reverse()) await runChecked(host(), ['umount', point]);
  });

  async function bind(from: string, to: string): Promise<string> {
    await mkdir(to, { recursive: true });
    await runChecked(host(), ['mount', '--bind', from, to]);
    mounted.push(to);
    return to;
  }

  it('is no destination of a restore, by whatever path, and stays as it is', async () => {
    await symlink(at('wiki'), at('link'));
    await symlink('/usr/local', at('system'));
    const before = await Promise.all([describeTree(at('wiki')), describeTree(at('copies'))]);
    for (const [host, path, type] of [
      ['alpha', at('link'), 'Fenced'],
      ['beta', await bind(at('copies'), at('bound')), 'Fenced'],
      ['gamma', at('copies', 'wiki', 'inner'), 'Fenced'],
      ['gamma', at('system', 'tidemark-test'), 'InvalidSpec'],
    ] as const) {
      for (const how of host === 'beta' ? ['--dry-run', '--yes'] : ['--yes']) {
        const args = ['--point', 'latest', '--to', `${host}:${path}`, '--overwrite', '-o', 'json'];
        const ran = await system.cli(['restore', 'wiki', ...args, how]);
        expect({ host, path, type: parseError(ran).type }).toEqual({ host, path, type });
      }
    }
    expect(await Promise.all([describeTree(at('wiki')), describeTree(at('copies'))])).toEqual(before);
  });

  it('is not replaced where it is mounted in the destination', async () => {
    await writeFiles(at('holds'), { mine: 'mine', 'inner/x': 'x' });
    await writeFiles(at('elsewhere'), { theirs: 'theirs' });
    await bind(at('elsewhere'), at('holds', 'inner'));
    for (const how of ['--dry-run', '--yes']) {
      const to = ['--point', 'latest', '--to', `gamma:${at('holds')}`, '--overwrite', '-o', 'json', how];
      expect(parseError(await system.cli(['restore', 'wiki', ...to]))).toMatchObject({
        ...{ type: 'InvalidSpec', message: expect.stringContaining(at('holds', 'inner')) as unknown },
      });
    }
    expect((await readdir(at('holds'))).sort()).toEqual(['inner', 'mine']);
    expect(await readdir(at('holds', 'inner'))).toEqual(['theirs']);
  });
});
