/** Real ZFS pools on files, each with names of its own. Needs root, and `zfs-fuse` or a kernel that has ZFS. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Held by whoever starts the daemon: a machine has one, and several tests may want it at once. */
const LOCK = join(tmpdir(), 'tidemark-zfs-fuse.lock');

/**
 * For the shell of a test that gives a process mounts of its own: below zfs-fuse, a dataset stays busy as long as
 * a copy of its mount is anywhere, and other tests want theirs.
 */
export const DROP_COPIED_MOUNTS = 'umount --all --types fuse.zfs --lazy';

const answers = () =>
  exec('zpool', ['list', '-H']).then(
    () => true,
    () => false,
  );

/** Starts the daemon where ZFS does not answer. It is left running: other tests, and other people, use it too. */
export async function startZfs(): Promise<void> {
  if (await answers()) return;
  // `-o`: the daemon must not inherit the lock, or nobody would ever get it again.
  spawn('flock', ['-o', LOCK, 'sh', '-c', 'zpool list -H >/dev/null 2>&1 || setsid zfs-fuse'], {
    detached: true,
    stdio: 'ignore',
  }).unref();
  for (let waited = 0; waited < 30_000; waited += 100) {
    if (await answers()) return;
    await sleep(100);
  }
  throw new Error('ZFS does not answer: is zfs-fuse installed, and /dev/fuse there?');
}

export class TestPool {
  private constructor(
    readonly name: string,
    private readonly folder: string,
  ) {}

  /** @param size as `truncate` takes it; the file is sparse. */
  static async make({ size = '256M', folder }: { size?: string; folder?: string } = {}): Promise<TestPool> {
    await startZfs();
    const own = await mkdtemp(join(folder ?? tmpdir(), 'tidemark-zfs-'));
    const name = `tm${process.pid}${Math.random().toString(36).slice(2, 8)}`;
    const pool = new TestPool(name, own);
    await mkdir(pool.mountPoint);
    await exec('truncate', ['-s', size, join(own, 'image')]);
    await exec('zpool', ['create', '-m', pool.mountPoint, name, join(own, 'image')]);
    return pool;
  }

  /** Where the pool's own dataset is mounted, and the others below it. */
  get mountPoint(): string {
    return join(this.folder, 'mnt');
  }

  dataset(path: string): string {
    return `${this.name}/${path}`;
  }

  /** Where a dataset is mounted unless it was told otherwise. */
  folderOf(path: string): string {
    return join(this.mountPoint, path);
  }

  /** Runs `zfs` and answers what it prints. */
  async zfs(...args: string[]): Promise<string> {
    return (await exec('zfs', args)).stdout;
  }

  /** Copies a snapshot as another tool does. */
  async copy(snapshot: string, dataset: string): Promise<void> {
    await exec('sh', ['-c', 'zfs send "$1" | zfs receive "$2"', 'sh', snapshot, dataset]);
  }

  /** Somebody may still look into it: it goes as soon as they have gone. Whatever works in it has to be ended before. */
  async dispose(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await exec('zpool', ['destroy', '-f', this.name]);
        break;
      } catch (error) {
        if (/no such pool/.test(String(error))) break;
        if (attempt >= 50) throw error;
        await this.unmountAll();
        await sleep(300);
      }
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Its datasets wherever they are mounted, those too that agents have mounted in their homes. */
  private async unmountAll(): Promise<void> {
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
    const own = mounts.flatMap(([source = '', point = '']) =>
      source.split('/')[0] === this.name || point.startsWith(this.folder) ? [point] : [],
    );
    for (const point of own.toReversed()) await exec('umount', ['-l', point]).catch(() => undefined);
  }
}
