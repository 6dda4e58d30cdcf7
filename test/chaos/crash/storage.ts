/** What the volumes of a crash's two hosts lie on, and how a test looks into them. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeLocalHost } from '../../../src/hosts/local';
import { volumeOf } from '../../../src/model/endpoints';
import type { Claim, VolumeKind } from '../../../src/model/records';
import { driverFor } from '../../../src/volumes/registry';
import { TestFilesystem } from '../../support/filesystems';
import { TestPool } from '../../support/zfs';
import { metaOf } from '../watched';

const exec = promisify(execFile);

/** Directories on two filesystems, and the kinds that are sent by identity. */
export const STORAGES = ['btrfs', 'ext4', 'zfs', 'btrfs send'] as const;
export type StorageName = (typeof STORAGES)[number];

export abstract class Storage {
  /** A folder for what the test itself keeps. */
  abstract readonly ownFolder: string;
  protected abstract readonly kind: VolumeKind;

  static async make(name: StorageName): Promise<Storage> {
    if (name === 'zfs') return new Datasets(await TestPool.make({ size: '1G' }));
    const filesystem = await TestFilesystem.make(name === 'ext4' ? 'ext4' : 'btrfs', { size: '512M' });
    return new Folders(filesystem, name === 'btrfs send' ? 'btrfs' : 'directory');
  }

  /** Makes the volume of the first source. */
  abstract create(host: string): Promise<void>;
  /** So that what is read next is what is stored. */
  settle(): Promise<void> {
    return Promise.resolve();
  }

  /** Where the files of a host's volume are. */
  abstract folder(host: string): string;
  /** What drills have left. */
  abstract clones(host: string, relationship: string): Promise<string[]>;
  abstract dispose(): Promise<void>;
  /** Nothing of it is mounted in the folders of the agents any more, which are about to be removed. */
  unmount(): Promise<void> {
    return Promise.resolve();
  }

  protected abstract place(host: string): string;

  /** How a spec names the volume of a host. */
  endpoint(host: string): { host: string } & Partial<Record<VolumeKind, string>> {
    return { host, [this.kind]: this.place(host) };
  }

  /** The folders of a host's recovery points, by id, oldest first. */
  async pointFolders(host: string, relationship: string): Promise<Map<string, string>> {
    const { volume, driver, machine } = this.open(host);
    const points = await driver.points(machine, volume, relationship);
    const found = new Map<string, string>();
    for (const { id } of points) found.set(id, await driver.pointPath(machine, volume, relationship, id));
    return found;
  }

  /** What is stored with the data. */
  async claim(host: string): Promise<Claim> {
    const { volume, driver, machine } = this.open(host);
    const { claim } = await driver.inspect(machine, volume);
    if (!claim) throw new Error(`${host} holds no claim`);
    return claim;
  }

  private open(host: string) {
    const volume = volumeOf(this.endpoint(host));
    const machine = makeLocalHost({ name: host, home: join(this.ownFolder, `looks-into-${host}`) });
    return { volume, machine, driver: driverFor(volume) };
  }
}

class Folders extends Storage {
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

class Datasets extends Storage {
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
