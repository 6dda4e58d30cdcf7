/** What a spec says of rsync, and names that break tools, through the whole system. */
import { link, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { SyncEntry } from '../../src/catalog/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { SyncRecord } from '../../src/model/records';
import type { RelationshipInput } from '../../src/model/spec';
import type { VerifyResult } from '../../src/api/messages';
import { compareTrees } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeNastyTree, NASTY_NAMES } from '../support/trees/nasty-tree';
import { TestSystem } from '../support/system/system';
import {
  applyAndSync,
  parse,
  parseError,
  syncNow,
  syncWell,
  writeDocument,
  writeFiles,
} from '../support/system/user';

jest.setTimeout(120_000);

type Rsync = NonNullable<NonNullable<RelationshipInput['spec']['mover']>['rsync']>;

const MiB = 1024 * 1024;
let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
const spec = (name: string, rsync: Rsync): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at(`${name}-source`) },
  targets: [{ host: 'beta', directory: at(`${name}-target`) }],
  mover: { rsync },
});
const start = (name: string, rsync: Rsync) => applyAndSync(system, name, spec(name, rsync));
const change = (name: string, rsync: Rsync) => system.apply(writeDocument(name, spec(name, rsync)));
const statsOf = (record: SyncRecord) => record.targets[0]?.stats;
const verify = async (name: string) => parse<VerifyResult>(await system.cli(['verify', name, '-o', 'json']));
const run = (...argv: string[]) => runChecked(makeLocalHost({ name: 'options', home: system.folder }), argv);
const list = async (folder: string) => (await readdir(folder, { recursive: true })).sort();

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

describe('exclude and include', () => {
  it('leave out what the patterns say, but for what is included, and verify agrees', async () => {
    await writeFiles(at('filters-source'), {
      'page.txt': 'x',
      'draft.tmp': 'x',
      'deep/down/draft.tmp': 'x',
      'deep/down/page.txt': 'x',
      'cache/one': 'x',
      'cache/keep/two': 'x',
      'deep/cache/three': 'x',
      '-leading dash': 'x',
      '! odd': 'x',
    });
    await start('filters', {
      exclude: ['*.tmp', '/cache/*', '- odd', '! *'],
      include: ['/cache/keep/***', 'deep/**.tmp'],
    });
    expect(await list(at('filters-target'))).toEqual(
      [
        '-leading dash',
        'cache',
        'cache/keep',
        'cache/keep/two',
        'deep',
        'deep/cache',
        'deep/cache/three',
        'deep/down',
        'deep/down/draft.tmp',
        'deep/down/page.txt',
        'page.txt',
      ].sort(),
    );
    expect(await verify('filters')).toMatchObject({ equal: true, totalDifferences: 0 });
  });

  it('take what is excluded later out of the replica and of new points, and say so at apply', async () => {
    const [before] = await system.points('filters');
    const wanted = spec('filters', { exclude: ['/deep'] });
    const stdin = writeDocument('filters', wanted);
    const ran = await system.cli(['apply', '-f', '-'], { stdin });
    expect(ran.stdout + ran.stderr).toContain('what is excluded now (/deep)');
    await rm(at('filters-source', 'deep'), { recursive: true });
    await writeFiles(at('filters-source'), { deep: 'ignored' });
    await syncWell(system, 'filters');
    expect(await list(at('filters-target'))).not.toContain('deep');
    // What it had then is compared, and comes back, whatever is excluded by now.
    const ago = await system.json<{ differences: { path: string }[] }>(
      'verify',
      'filters',
      '--point',
      before?.id ?? '',
    );
    expect(ago.differences.map(({ path }) => path)).toContain('deep/down/page.txt');
  });
});

describe('compress', () => {
  const size = 4 * MiB;
  beforeAll(async () => {
    await writeFiles(at('compress-source'), { same: 'tidemark\n'.repeat(size / 9) });
  });

  it.each([
    ['none', size * 0.99, size * 1.5],
    ['lz4', 1, size / 5],
    ['zstd', 1, size / 50],
    ['auto', 1, size * 1.5],
  ] as const)('%s sends as much as that choice needs', async (compress, least, most) => {
    await rm(at(`compress-${compress}-target`), { recursive: true, force: true });
    const record = await applyAndSync(system, `compress-${compress}`, {
      ...spec('compress', { compress }),
      targets: [{ host: 'beta', directory: at(`compress-${compress}-target`) }],
    });
    const sent = statsOf(record)?.bytesSent ?? 0;
    expect(sent).toBeGreaterThan(least);
    expect(sent).toBeLessThan(most);
    expect(await compareTrees(at('compress-source'), at(`compress-${compress}-target`))).toEqual([]);
  });
});

describe('bandwidthLimit', () => {
  it('is kept to: nothing is sent faster', async () => {
    await mkdir(at('slow-source'));
    await writeFile(at('slow-source', 'big'), randomBytes(3 * MiB));
    const record = await start('slow', { bandwidthLimit: '1MiB', compress: 'none' });
    // A burst of the first moments is not held back.
    expect(statsOf(record)?.durationMs).toBeGreaterThan(1500);
    expect(await compareTrees(at('slow-source'), at('slow-target'))).toEqual([]);
  });
});

describe('checksum', () => {
  it('finds at the target what size and time do not show; at the source that takes no checksums', async () => {
    await writeFiles(at('sums-source'), { file: 'content one' });
    await start('sums', {});
    const rewrite = async (file: string, content: string) => {
      const { atime, mtime } = await stat(file);
      await writeFile(file, content);
      await utimes(file, atime, mtime);
    };
    await rewrite(at('sums-source', 'file'), 'content two');
    expect(statsOf(await syncWell(system, 'sums'))?.filesChanged).toBe(1);
    await rewrite(at('sums-target', 'file'), 'content bad');
    await change('sums', { checksum: true });
    expect(statsOf(await syncWell(system, 'sums'))?.filesChanged).toBe(1);
    expect(await readFile(at('sums-target', 'file'), 'utf8')).toBe('content two');
  });
});

describe('extraOptions', () => {
  it('do what rsync says of them, and every one that is allowed passes the landing', async () => {
    const source = at('extra-source');
    await writeFiles(source, { one: 'one', 'folder/two': 'two' });
    await link(join(source, 'one'), join(source, 'other-name'));
    await symlink('one', join(source, 'link'));
    await run('setfattr', '-n', 'user.note', '-v', 'x', join(source, 'one'));
    await run('setfacl', '-m', 'u:4711:r', join(source, 'one'));
    await run('mkfifo', join(source, 'fifo'));
    await run('mknod', join(source, 'null'), 'c', '1', '3');
    const record = await start('extra', {
      extraOptions: [
        '--fuzzy',
        '--no-xattrs',
        '--no-acls',
        '--no-devices',
        '--no-specials',
        '--no-hard-links',
        '--no-sparse',
        '--whole-file',
        '--fsync',
        '--preallocate',
        '--omit-dir-times',
        '--omit-link-times',
      ],
    });
    expect(record).toMatchObject({ result: 'succeeded' });
    expect(await list(at('extra-target'))).toEqual(['folder', 'folder/two', 'link', 'one', 'other-name']);
    expect((await stat(at('extra-target', 'one'))).nlink).toBe(1);
    await expect(run('getfattr', '-n', 'user.note', at('extra-target', 'one'))).rejects.toThrow();
    expect(await verify('extra')).toMatchObject({ equal: true });
  });

  it.each([
    '--rsync-path=/bin/sh',
    '-e sh',
    '--delete-excluded',
    '--remove-source-files',
    '--log-file=/etc/x',
  ])('refuse %s, naming what is allowed', async (option) => {
    const wanted = spec('extra', { extraOptions: [option as '--fsync'] });
    const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], {
      stdin: writeDocument('extra', wanted),
    });
    expect(ran.exitCode).toBe(2);
    expect(parseError(ran).problems?.[0]).toContain('--fsync');
  });
});

describe('names that break tools', () => {
  beforeAll(async () => {
    await makeNastyTree(at('names-source'));
    await start('names', {});
  });

  it('arrive as they are, and are found equal', async () => {
    expect(await compareTrees(at('names-source'), at('names-target'))).toEqual([]);
    expect(await verify('names')).toMatchObject({ equal: true, totalDifferences: 0 });
  });

  it('are named by verify in one way that is text, in JSON as on a terminal', async () => {
    for (const name of NASTY_NAMES.filter((_, index) => index % 2 === 0)) {
      await writeFile(Buffer.concat([Buffer.from(`${at('names-source')}/folder/`), name]), 'changed since');
    }
    const { differences } = await verify('names');
    const paths = differences.map(({ path }) => path);
    for (const path of [
      String.raw`folder/new\#012line`,
      `folder/${'n'.repeat(255)}`,
      'folder/--delete',
      'folder/Grüße 日本',
    ]) {
      expect(paths).toContain(path);
    }
    expect(differences.every(({ changedSince }) => changedSince)).toBe(true);
    const { stdout } = await system.cli(['verify', 'names']);
    expect(stdout).toContain(String.raw`folder/new\#012line`);
  });

  it('are named by verify where they are not UTF-8, too', async () => {
    const name = Buffer.concat([
      Buffer.from(`${at('names-source')}/`),
      Buffer.from([0x6e, 0xff, 0xfe, 0x80, 0x6e]),
    ]);
    await writeFile(Buffer.concat([name, Buffer.from('/inside')]), 'changed since');
    const paths = (await verify('names')).differences.map(({ path }) => path);
    expect(paths).toContain(String.raw`n\#377\#376\#200n/inside`);
  });

  it('follow changes, renames and deletions', async () => {
    for (const folder of ['', '/folder']) {
      const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = NASTY_NAMES;
      await rm(Buffer.concat([Buffer.from(`${at('names-source')}${folder}/`), first]), { recursive: true });
      await run(
        'mv',
        '--',
        join(at('names-source') + folder, '#hash'),
        join(at('names-source') + folder, '-moved\n'),
      );
      await rm(Buffer.concat([Buffer.from(`${at('names-source')}${folder}/`), second]), { recursive: true });
    }
    await syncWell(system, 'names');
    expect(await compareTrees(at('names-source'), at('names-target'))).toEqual([]);
  });

  it('stand in the error of a sync without breaking its JSON or the terminal', async () => {
    const disk = await TestFilesystem.make('ext4');
    const evil = 'evil\n\u001b[2Jname';
    const target = join(disk.mountPoint, 'copy');
    try {
      await writeFiles(at('evil-source'), { [evil]: 'x' });
      const wanted = { ...spec('evil', {}), targets: [{ host: 'beta', directory: target }] };
      await applyAndSync(system, 'evil', wanted);
      await run('chattr', '+i', join(target, evil));
      await writeFiles(at('evil-source'), { [evil]: 'changed' });
      expect((await syncNow(system, 'evil')).result).toBe('failed');
      const [entry] = await system.json<SyncEntry[]>('history', 'evil', '--kind', 'sync');
      expect(entry?.targets[0]?.toolMessage).toContain('name');
      for (const command of ['history', 'describe', 'get']) {
        const { exitCode, stdout } = await system.cli([command, 'evil']);
        expect({ command, exitCode }).toEqual({ command, exitCode: 0 });
        expect(stdout).not.toContain('\u001b[2J');
      }
    } finally {
      await run('chattr', '-i', join(target, evil));
      await system.retire('evil');
      await disk.dispose();
    }
  });
});
