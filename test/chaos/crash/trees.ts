/** Volumes that are trees: directories on a filesystem, and the kinds that are sent by identity. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestFilesystem } from '../../support/storage/filesystems';
import type { TestPool } from '../../support/storage/zfs';
import { metaOf, MIB } from '../watched';
import { describeTree } from '../world';
import { type Content, Storage } from './storage';

const exec = promisify(execFile);

export abstract class Trees extends Storage {
  /** Where the files of a host's volume are. */
  abstract folder(host: string): string;

  /** Another program leaves so much room, about, where the volumes are. */
  abstract fill(leaveBytes: number): Promise<void>;

  /** And gives the rest back. */
  abstract drain(): Promise<void>;

  async change(host: string, number: number): Promise<void> {
    const root = this.folder(host);
    await writeFile(join(root, `file-${number % 7}`), `${number} at ${host}`);
    await mkdir(join(root, `folder-${number % 3}`), { recursive: true });
    await writeFile(join(root, `folder-${number % 3}`, 'big'), String(number).repeat(40_000));
    await rm(join(root, `file-${(number + 3) % 7}`), { force: true });
  }

  content(host: string): Promise<Content> {
    return describeTree(this.folder(host));
  }

  async points(host: string, relationship: string): Promise<Map<string, Content>> {
    const found = new Map<string, Content>();
    for (const [id, folder] of await this.pointPaths(host, relationship))
      found.set(id, await describeTree(folder));
    return found;
  }

  async checkWritable(host: string): Promise<void> {
    const probe = join(this.folder(host), 'probe');
    await writeFile(probe, 'x');
    await rm(probe);
  }
}

export class Folders extends Trees {
  constructor(
    private readonly filesystem: TestFilesystem,
    protected readonly kind: 'directory' | 'btrfs',
  ) {
    super();
  }

  get ownFolder(): string {
    return this.filesystem.mountPoint;
  }

  protected place(host: string): string {
    return join(this.filesystem.mountPoint, host, 'volume');
  }

  folder(host: string): string {
    return this.place(host);
  }

  private get ballast(): string {
    return join(this.filesystem.mountPoint, 'ballast');
  }

  async fill(leaveBytes: number): Promise<void> {
    await mkdir(this.ballast);
    let count = 0;
    // btrfs can't give all that it calls free to files.
    for (const bytes of [64 * MIB, 8 * MIB, MIB, MIB / 16])
      for (;;) {
        const { bavail, bsize } = await statfs(this.ballast);
        if (bavail * bsize - bytes < leaveBytes) break;
        const file = join(this.ballast, String(count++));
        const isMade = await exec('fallocate', ['-l', String(bytes), file]).then(
          () => true,
          () => false,
        );
        if (!isMade) break;
      }
  }

  async drain(): Promise<void> {
    await rm(this.ballast, { recursive: true });
    // btrfs gives it back with its next transaction.
    await exec('sync', ['-f', this.filesystem.mountPoint]);
  }

  async create(host: string): Promise<void> {
    await mkdir(join(this.filesystem.mountPoint, host));
    if (this.filesystem.kind === 'btrfs') await exec('btrfs', ['subvolume', 'create', this.place(host)]);
    else await mkdir(this.place(host));
  }

  async clones(host: string, relationship: string): Promise<string[]> {
    return readdir(join(metaOf(this.place(host)), relationship, 'clones')).catch(() => []);
  }

  dispose(): Promise<void> {
    return this.filesystem.dispose();
  }
}

export class Datasets extends Trees {
  protected readonly kind = 'zfs';

  constructor(private readonly pool: TestPool) {
    super();
  }

  get ownFolder(): string {
    return this.pool.mountPoint;
  }

  protected place(host: string): string {
    return this.pool.dataset(`${host}/volume`);
  }

  folder(host: string): string {
    return this.pool.folderOf(`${host}/volume`);
  }

  async create(host: string): Promise<void> {
    await this.pool.zfs('create', '-p', this.place(host));
  }

  /** By a quota: a pool without any room is not even able to delete. */
  async fill(leaveBytes: number): Promise<void> {
    // What was written a moment ago is counted once it is on disk.
    await exec('sync');
    for (let more = leaveBytes; ; more += 100_000) {
      const used = await this.pool.zfs('get', '-Hp', '-o', 'value', 'used', this.pool.name);
      const isSet = await this.pool.zfs('set', `quota=${Number(used) + more}`, this.pool.name).then(
        () => true,
        () => false,
      );
      if (isSet) return;
    }
  }

  async drain(): Promise<void> {
    await this.pool.zfs('set', 'quota=none', this.pool.name);
  }

  /** Below zfs-fuse, the kernel goes on showing the files that it has cached before a stream was received. */
  override async settle(): Promise<void> {
    await exec('sync');
    await writeFile('/proc/sys/vm/drop_caches', '3');
  }

  async clones(host: string): Promise<string[]> {
    const listed = await this.pool.zfs('list', '-Hr', '-o', 'name', this.pool.dataset(host));
    return listed.split('\n').filter((name) => /drill/.test(name));
  }

  override unmount(): Promise<void> {
    return this.pool.dispose();
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
