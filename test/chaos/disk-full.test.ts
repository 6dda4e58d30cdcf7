/**
 * The target's disk is too small, or runs full in the middle because something else fills it. The last
 * recovery point stays whole, the error says how much is missing, and the sync completes by itself once
 * there is room.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FilesystemKind, TestFilesystem } from '../support/storage/filesystems';
import { eventually, TestSystem } from '../support/system/system';
import { sample } from '../support/sample';
import { MIB, Watched } from './watched';
import { describeTree } from './world';

const exec = promisify(execFile);

let system: TestSystem;
const filesystems: TestFilesystem[] = [];

beforeAll(async () => {
  system = await TestSystem.start();
}, 60_000);

afterAll(async () => {
  await system.stop();
  for (const filesystem of filesystems) await filesystem.dispose();
}, 60_000);

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** ext4 keeps a share for root, which the agent here may use. */
async function withoutReserve(mountPoint: string): Promise<void> {
  const { stdout } = await exec('findmnt', ['-n', '-o', 'SOURCE', '--', mountPoint]);
  await exec('tune2fs', ['-m', '0', stdout.trim()]);
}

/** A target on a small disk that can be filled from outside. */
class SmallDisk {
  private constructor(
    private readonly mountPoint: string,
    readonly watched: Watched,
    private readonly copyMethod: string,
  ) {}

  static async make(kind: FilesystemKind, copyMethod: string, name: string): Promise<SmallDisk> {
    const filesystem = await TestFilesystem.make(kind);
    filesystems.push(filesystem);
    if (kind === 'ext4') await withoutReserve(filesystem.mountPoint);
    const source = join(system.folder, name);
    await mkdir(source);
    const watched = new Watched(system, name, source, join(filesystem.mountPoint, 'target'));
    return new SmallDisk(filesystem.mountPoint, watched, copyMethod);
  }

  /** Another program fills the disk, so that no more than this is free. */
  async leave(bytes: number): Promise<void> {
    const length = (await freeBytes(this.mountPoint)) - bytes;
    await exec('fallocate', ['-l', String(length), join(this.mountPoint, 'ballast')]);
  }

  /** Another program makes files without content, until none can be made. */
  async useInodes(): Promise<void> {
    const folder = join(this.mountPoint, 'inodes');
    await mkdir(folder);
    const { ffree } = await statfs(folder);
    for (let count = 0; count < ffree; count++) await writeFile(join(folder, String(count)), '');
  }

  async freeInodes(): Promise<void> {
    await rm(join(this.mountPoint, 'inodes'), { recursive: true });
  }

  async free(): Promise<void> {
    await rm(join(this.mountPoint, 'ballast'));
    // btrfs gives it back with its next transaction.
    await exec('sync', ['-f', this.mountPoint]);
  }

  async apply(bandwidth: string): Promise<void> {
    const { name, source, target } = this.watched;
    await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${source} }
  targets: [{ host: beta, directory: ${target}, copyMethod: ${this.copyMethod} }]
  mover: { rsync: { bandwidthLimit: ${bandwidth} } }
`);
  }

  /** So much more at the source, in several files. */
  async grow(mebibytes: number, prefix: string): Promise<void> {
    for (let index = 0; index < mebibytes; index += 4)
      await writeFile(join(this.watched.source, `${prefix}${index}`), randomBytes(4 * MIB));
  }

  /** Waits until a file whose name begins so has been written at the target. */
  async untilWritten(prefix: string): Promise<void> {
    const { target } = this.watched;
    const isWritten = async () => {
      for (const name of await readdir(target))
        if (name.startsWith(prefix) && (await lstat(join(target, name))).blocks > 0) return true;
      return undefined;
    };
    // What is left of the transfer by then is what the disk is to lack.
    await eventually('the transfer is under way', isWritten, 90_000, 50);
  }
}

/** What an error says of how much is free and how much is missing, in MiB. */
function amounts(error: string | null | undefined): { missing: number } {
  const missing = /([\d.]+) MiB (?:are missing|more are needed: that much is missing)/.exec(error ?? '')?.[1];
  return { missing: Number(missing) };
}

const DISKS = [
  // Hard-linked generations hold what is new a second time.
  ['ext4', 'HardLink', 40],
  ['xfs', 'Clone', 16],
  ['btrfs', 'Snapshot', 16],
] as const;

test.each(sample(DISKS, 1))(
  'what can not fit on %s (%s) is refused before anything is written, saying that %i MiB are missing',
  async (kind, copyMethod, expected) => {
    const disk = await SmallDisk.make(kind, copyMethod, `small-${kind}`);
    const { watched } = disk;
    await disk.grow(24, 'file');
    await disk.leave(8 * MIB);
    await disk.apply('100MiB');
    await watched.untilFailed('TargetFull');
    const { targets } = await watched.get();
    expect(Math.abs(amounts(targets[0]?.lastError).missing - expected)).toBeLessThan(2);
    expect(targets[0]?.lastError).toContain('What to do: free space there');
    expect([...(await describeTree(watched.target))]).toEqual([]);
    expect(await watched.errorTypes()).toEqual(['TargetFull']);
    await disk.free();
    await watched.expectCurrent(await watched.untilSucceeded(0));
  },
  120_000,
);

test.each(sample(DISKS, 1))(
  'a disk of %s (%s) that runs full in the middle spoils no recovery point, and the sync completes once there is room',
  async (kind, copyMethod) => {
    const disk = await SmallDisk.make(kind, copyMethod, `filled-${kind}`);
    const { watched } = disk;
    await disk.grow(8, 'old');
    await disk.apply('6MiB');
    await watched.expectCurrent(await watched.untilSucceeded(0));
    const pointsBefore = [...(await watched.points()).keys()];
    await disk.grow(24, 'new');
    const before = await watched.requestSync();
    await disk.untilWritten('new');
    await disk.leave(2 * MIB);
    const status = await watched.untilFailed('TargetFull');
    expect(status.targets[0]?.recoveryPoint).toBe(pointsBefore.at(-1));
    const { lastError } = (await watched.get()).targets[0] ?? {};
    expect(amounts(lastError).missing).toBeGreaterThan(4);
    expect(amounts(lastError).missing).toBeLessThan(copyMethod === 'HardLink' ? 50 : 26);
    expect(lastError).toContain('No space left on device');
    expect([...(await watched.points()).keys()]).toEqual(pointsBefore);
    await watched.expectPointsIntact();
    await disk.free();
    await watched.expectCurrent(await watched.untilSucceeded(before));
    expect(await watched.errorTypes()).toEqual(['TargetFull']);
  },
  120_000,
);

test('a disk that runs full while the recovery point is made leaves no half of one, and says what the whole takes', async () => {
  const disk = await SmallDisk.make('ext4', 'HardLink', 'frozen-half');
  const { watched } = disk;
  await disk.grow(8, 'old');
  await disk.apply('6MiB');
  await watched.expectCurrent(await watched.untilSucceeded(0));
  const pointsBefore = [...(await watched.points()).keys()];
  await disk.grow(16, 'new');
  const before = await watched.requestSync();
  // The last of the new files, in rsync's order: enough is left for it, and for a part of the generation.
  await disk.untilWritten('new8');
  await disk.leave(14 * MIB);
  await watched.untilFailed('TargetFull');
  const { lastError } = (await watched.get()).targets[0] ?? {};
  expect(amounts(lastError).missing).toBeGreaterThan(4);
  expect(amounts(lastError).missing).toBeLessThan(18);
  expect([...(await watched.points()).keys()]).toEqual(pointsBefore);
  await watched.expectPointsIntact();
  await disk.free();
  await watched.expectCurrent(await watched.untilSucceeded(before));
}, 120_000);

test('a tree that takes more room than its files are long is not refused where nothing of it is new', async () => {
  const disk = await SmallDisk.make('ext4', 'HardLink', 'small-files');
  const { watched } = disk;
  for (let count = 0; count < 1500; count++) await writeFile(join(watched.source, `tiny${count}`), 'x');
  await disk.apply('50MiB');
  await watched.expectCurrent(await watched.untilSucceeded(0));
  await disk.leave(6 * MIB);
  await writeFile(join(watched.source, 'tiny0'), 'y');
  await watched.expectCurrent(await watched.untilSucceeded(await watched.requestSync()));
  expect(await watched.errorTypes()).toEqual([]);
}, 120_000);

test('what the spec leaves out takes no room', async () => {
  const disk = await SmallDisk.make('ext4', 'HardLink', 'left-out');
  const { watched } = disk;
  await mkdir(join(watched.source, 'cache'));
  await disk.grow(8, 'file');
  await disk.grow(60, 'cache/');
  await disk.leave(30 * MIB);
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: left-out }
spec:
  source: { host: alpha, directory: ${watched.source} }
  targets: [{ host: beta, directory: ${watched.target}, copyMethod: HardLink }]
  mover: { rsync: { exclude: [/cache/**] } }
`);
  await watched.untilSucceeded(0);
  const held = await describeTree(watched.target);
  expect([...held.keys()].filter((path) => path.startsWith('file'))).toHaveLength(2);
  expect(await watched.errorTypes()).toEqual([]);
}, 120_000);

test('a target without inodes says so, and goes on by itself once some are free', async () => {
  const disk = await SmallDisk.make('ext4', 'HardLink', 'no-inodes');
  const { watched } = disk;
  await disk.grow(4, 'old');
  await disk.apply('100MiB');
  await watched.expectCurrent(await watched.untilSucceeded(0));
  await disk.useInodes();
  for (let count = 0; count < 50; count++) await writeFile(join(watched.source, `tiny${count}`), 'x');
  const before = await watched.requestSync();
  await watched.untilFailed('TargetFull');
  const { lastError } = (await watched.get()).targets[0] ?? {};
  expect(lastError).toMatch(/no inode is free \(of \d+\), .* though [\d.]+ [KM]iB are free/);
  await watched.expectPointsIntact();
  await disk.freeInodes();
  await watched.expectCurrent(await watched.untilSucceeded(before));
}, 120_000);
