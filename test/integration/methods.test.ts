/** Every way to freeze a source and a recovery point, on real filesystems, through the whole system. */
import { access, appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { PointMethod } from '../../src/model/records';
import type { RelationshipInput } from '../../src/model/spec';
import { compareTrees } from '../support/trees/compare-trees';
import { type FilesystemKind, TestFilesystem } from '../support/storage/filesystems';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { carryOut } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import {
  applyAndSync,
  parseError,
  syncAfter,
  syncWell,
  writeDocument,
  writeFiles,
} from '../support/system/user';
import { sample } from '../support/sample';

jest.setTimeout(120_000);

type Spec = RelationshipInput['spec'];

let system: TestSystem;
const disks: TestFilesystem[] = [];
/** One of each, for volumes that are folders. */
const shared: Partial<Record<FilesystemKind, TestFilesystem>> = {};

async function makeDisk(kind: FilesystemKind): Promise<TestFilesystem> {
  const disk = await TestFilesystem.make(kind);
  disks.push(disk);
  return disk;
}

async function makeSubvolume(path: string): Promise<void> {
  const host = makeLocalHost({ name: 'methods', home: system.folder });
  await runChecked(host, ['btrfs', 'subvolume', 'create', path]);
}

beforeAll(async () => {
  system = await TestSystem.start();
  for (const kind of ['btrfs', 'xfs', 'ext4'] as const) shared[kind] = await makeDisk(kind);
});
afterAll(async () => {
  await system.stop();
  for (const disk of disks) await disk.dispose();
});

const mount = (kind: FilesystemKind) => shared[kind]?.mountPoint ?? '';

/** What Tidemark keeps beside or inside a source is nothing once a sync is over. */
async function findCaptures(source: string, name: string): Promise<string[]> {
  const metas = [join(source, '.tidemark'), join(source, '..', '.tidemark', source.split('/').at(-1) ?? '')];
  const lists = metas.map((meta) => readdir(join(meta, name, 'captures')).catch(() => []));
  return (await Promise.all(lists)).flat();
}

async function change(source: string): Promise<void> {
  await appendFile(join(source, 'content'), 'appended\n');
  await writeFile(join(source, 'added'), 'added\n');
  await rm(join(source, 'links'), { recursive: true });
}

async function restore(name: string, point: string, to: string, overwrite = false): Promise<void> {
  const [host, path] = to.split(':');
  const newest = (await system.status(name)).targets[0]?.recoveryPoint;
  const pointId = point === 'latest' ? newest : point;
  await carryOut(system, name, 'restore', { pointId, to: { host, path }, overwrite });
}

interface Case {
  title: string;
  source: [FilesystemKind, 'root' | 'folder' | 'subvolume', 'Direct' | 'Snapshot' | 'Clone'];
  target: [FilesystemKind, 'root' | 'folder', 'Auto' | PointMethod];
  freezesBy: PointMethod;
}

const CASES: Case[] = [
  {
    title: 'a Snapshot of a btrfs subvolume to Auto on btrfs, which snapshots',
    source: ['btrfs', 'subvolume', 'Snapshot'],
    target: ['btrfs', 'folder', 'Auto'],
    freezesBy: 'Snapshot',
  },
  {
    title: 'a Clone of a folder on XFS to Auto on XFS, which clones',
    source: ['xfs', 'folder', 'Clone'],
    target: ['xfs', 'folder', 'Auto'],
    freezesBy: 'Clone',
  },
  {
    title: 'a Clone of a folder on btrfs to Auto on ext4, which links',
    source: ['btrfs', 'folder', 'Clone'],
    target: ['ext4', 'folder', 'Auto'],
    freezesBy: 'HardLink',
  },
  {
    title: 'a Direct folder on ext4 to Clone on btrfs',
    source: ['ext4', 'folder', 'Direct'],
    target: ['btrfs', 'folder', 'Clone'],
    freezesBy: 'Clone',
  },
  {
    title: 'a Snapshot of a whole btrfs to HardLink on a whole XFS',
    source: ['btrfs', 'root', 'Snapshot'],
    target: ['xfs', 'root', 'HardLink'],
    freezesBy: 'HardLink',
  },
  {
    title: 'a Clone of a whole XFS to Snapshot on a whole btrfs',
    source: ['xfs', 'root', 'Clone'],
    target: ['btrfs', 'root', 'Snapshot'],
    freezesBy: 'Snapshot',
  },
];

async function place([kind, layout]: readonly [FilesystemKind, string, string], name: string) {
  if (layout === 'root') return (await makeDisk(kind)).mountPoint;
  const path = join(mount(kind), name);
  if (layout === 'subvolume') await makeSubvolume(path);
  return path;
}

describe.each(sample(CASES, 2))('$title', ({ source, target, freezesBy }) => {
  const name = `m${CASES.findIndex((each) => each.source === source)}`;
  const paths = { source: '', target: '' };

  it('is whole in everything a file is, also at its first point once the source has moved on', async () => {
    paths.source = await place(source, `${name}-source`);
    paths.target = await place(target, `${name}-target`);
    await makeNastyTree(paths.source);
    const first = await applyAndSync(system, name, {
      source: { host: 'alpha', directory: paths.source, copyMethod: source[2] },
      targets: [{ host: 'beta', directory: paths.target, copyMethod: target[2] }],
    });
    expect(first).toMatchObject({ result: 'succeeded', targets: [{ point: { method: freezesBy } }] });
    expect(await compareTrees(paths.source, paths.target)).toEqual([]);
    // Whatever differs between the two filesystems is no difference of the trees.
    expect((await syncWell(system, name)).targets[0]?.stats?.filesChanged).toBe(0);
    expect(await system.cli(['verify', name])).toMatchObject({ exitCode: 0 });
    const before = join(mount('ext4'), `${name}-before`);
    await restore(name, first.targets[0]?.point?.id ?? '', `alpha:${before}`);
    expect(await compareTrees(paths.source, before)).toEqual([]);
    await change(paths.source);
    await syncWell(system, name);
    expect(await compareTrees(paths.source, paths.target)).toEqual([]);
    const again = join(mount('ext4'), `${name}-again`);
    await restore(name, first.targets[0]?.point?.id ?? '', `beta:${again}`);
    expect(await compareTrees(before, again)).toEqual([]);
    expect(await findCaptures(paths.source, name)).toEqual([]);
    for (const folder of [before, again]) await rm(folder, { recursive: true });
  });

  it('is brought back over what was changed, by content, exactly', async () => {
    const wanted = join(mount('ext4'), `${name}-wanted`);
    await restore(name, 'latest', `beta:${wanted}`);
    const changed = join(mount(source[0]), `${name}-changed`);
    await restore(name, 'latest', `alpha:${changed}`);
    await rm(join(changed, 'modes'), { recursive: true });
    // Of the same size and time, which says nothing of what is in it.
    const { size } = await stat(join(changed, 'content'));
    await writeFile(join(changed, 'content'), Buffer.alloc(size, 'x'));
    await runChecked(makeLocalHost({ name: 'methods', home: system.folder }), [
      ...['touch', '-r', join(wanted, 'content'), '--', join(changed, 'content')],
    ]);
    await writeFile(join(changed, 'too much'), 'x');
    await restore(name, 'latest', `alpha:${changed}`, true);
    expect(await compareTrees(wanted, changed)).toEqual([]);
    for (const folder of [wanted, changed]) await rm(folder, { recursive: true });
  });

  afterAll(() => system.retire(name));
});

describe('a target that keeps no points', () => {
  it('is a plain copy, which can be restored from as it is', async () => {
    const [source, target] = ['plain-source', 'plain-target'].map((name) => join(mount('ext4'), name)) as [
      string,
      string,
    ];
    await writeFiles(source, { one: '1', 'two/three': '3' });
    const record = await applyAndSync(system, 'plain', {
      source: { host: 'alpha', directory: source },
      targets: [{ host: 'beta', directory: target, copyMethod: 'Direct' }],
    });
    expect(record.targets[0]?.point?.method).toBe('Direct');
    await writeFiles(source, { one: 'one' });
    await syncWell(system, 'plain');
    expect(await system.points('plain')).toHaveLength(1);
    await restore('plain', 'latest', `alpha:${join(mount('ext4'), 'plain-back')}`);
    expect(await compareTrees(source, join(mount('ext4'), 'plain-back'))).toEqual([]);
    expect(await readdir(join(mount('ext4'), '.tidemark', 'plain-target', 'plain'))).not.toContain('trees');
  });
});

describe('what a filesystem can not do', () => {
  it.each([
    ['Snapshot', 'ext4', 'HardLink|Direct'],
    ['Clone', 'ext4', 'HardLink|Direct'],
    ['Snapshot', 'xfs', 'Clone'],
  ] as const)('is refused at apply: %s on %s, naming what works', async (copyMethod, kind, alternative) => {
    const directory = join(mount(kind), 'refused');
    await mkdir(directory, { recursive: true });
    const spec: Spec = {
      source: { host: 'alpha', directory, copyMethod },
      targets: [{ host: 'beta', directory: join(mount(kind), 'refused-target'), copyMethod }],
    };
    const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], {
      stdin: writeDocument('refused', spec),
    });
    expect(ran.exitCode).toBe(2);
    const { problems = [] } = parseError(ran);
    expect(problems).toHaveLength(2);
    for (const problem of problems) expect(problem).toMatch(new RegExp(alternative));
  });

  it('is refused for a plain folder on btrfs, too, of which only a Clone can be made', async () => {
    const directory = join(mount('btrfs'), 'no-subvolume');
    await mkdir(directory);
    const spec: Spec = {
      source: { host: 'alpha', directory, copyMethod: 'Snapshot' },
      targets: [{ host: 'beta', directory: join(mount('btrfs'), 'refused-target') }],
    };
    const ran = await system.cli(['apply', '-f', '-'], { stdin: writeDocument('refused', spec) });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/not a btrfs subvolume.*Clone/s);
  });
});

describe.each([
  ['Snapshot', 'btrfs'],
  ['Clone', 'xfs'],
] as const)('a source frozen by %s on %s', (copyMethod, kind) => {
  it('is copied as it was at one moment, whatever is written while a slow transfer reads', async () => {
    const name = `moment-${kind}`;
    const source = join(mount(kind), name);
    if (kind === 'btrfs') await makeSubvolume(source);
    await writeFiles(source, { 'a-big': 'x'.repeat(6_000_000), middle: 'before', 'z-last': 'before' });
    const target = join(mount('ext4'), name);
    await system.apply(
      writeDocument(name, {
        source: { host: 'alpha', directory: source, copyMethod },
        targets: [{ host: 'beta', directory: target }],
        mover: { rsync: { bandwidthLimit: '2MiB', compress: 'none' } },
      }),
    );
    await eventually('the transfer is at work', async () => {
      await access(join(target, 'a-big'));
      return true;
    });
    await writeFiles(source, { 'z-last': 'after', 'zz-new': 'after' });
    await rm(join(source, 'middle'));
    expect((await syncAfter(system, name, 0)).result).toBe('succeeded');
    expect(await readFile(join(target, 'z-last'), 'utf8')).toBe('before');
    expect(await readFile(join(target, 'middle'), 'utf8')).toBe('before');
    expect(await readdir(target)).not.toContain('zz-new');
  });
});
