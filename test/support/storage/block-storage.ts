/** Image files on filesystems, and loop devices, which are real block devices. Needs root. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import type { Volume } from '../../../src/model/records';
import { type FilesystemKind, TestFilesystem } from './filesystems';

const host = makeLocalHost({ name: 'blocks', home: tmpdir() });
const run = async (...argv: string[]) => (await runChecked(host, argv)).stdout.toString().trim();

export const MiB = 1024 ** 2;

/** Makes devices and image files, each for one test, and takes them down again. */
export class BlockStorage {
  private readonly devices: string[] = [];
  private count = 0;

  private constructor(
    readonly folder: string,
    private readonly filesystem: TestFilesystem | undefined,
  ) {}

  /** @param kind of the filesystem that image files lie on; by default the machine's own for temporary files. */
  static async make(kind?: FilesystemKind): Promise<BlockStorage> {
    const filesystem = kind && (await TestFilesystem.make(kind));
    const folder = filesystem?.mountPoint ?? (await mkdtemp(join(tmpdir(), 'tidemark-blocks-')));
    return new BlockStorage(folder, filesystem);
  }

  /** A path in a folder of its own, where nothing is yet. */
  async path(name = 'db.img'): Promise<string> {
    const folder = join(this.folder, `folder ${++this.count}`);
    await mkdir(folder);
    return join(folder, name);
  }

  /** All of it a hole. */
  async image(bytes = 8 * MiB): Promise<Volume> {
    const path = await this.path();
    await run('truncate', '-s', String(bytes), path);
    return { kind: 'block', path };
  }

  async device(bytes = 8 * MiB): Promise<Volume & { backing: string }> {
    const { path: backing } = await this.image(bytes);
    return { kind: 'block', path: await this.attach(backing), backing };
  }

  /** By whichever loop device is free. */
  async attach(backing: string): Promise<string> {
    const path = await run('losetup', '-f', '--show', backing);
    this.devices.push(path);
    return path;
  }

  private async detach(path: string): Promise<void> {
    this.devices.splice(this.devices.indexOf(path), 1);
    await run('blockdev', '--setrw', path);
    await run('losetup', '-d', path);
  }

  /** Random bytes, in place. Offset and length in MiB. */
  static async scribble(path: string, offset: number, length: number): Promise<void> {
    const place = ['bs=1M', `seek=${offset}`, `count=${length}`, 'conv=notrunc,fsync', 'status=none'];
    await run('dd', 'if=/dev/urandom', `of=${path}`, ...place);
  }

  /** One bit, in place. */
  static async flipBit(path: string, offset: number): Promise<void> {
    const at = [`skip=${offset}`, 'bs=1', 'count=1', 'status=none'];
    const { stdout } = await runChecked(host, ['dd', `if=${path}`, ...at]);
    const stdin = Buffer.from([(stdout[0] ?? 0) ^ 1]);
    await runChecked(
      host,
      ['dd', `of=${path}`, `seek=${offset}`, 'bs=1', 'count=1', 'conv=notrunc,fsync', 'status=none'],
      { stdin },
    );
  }

  /** Zeros, in place. In MiB. */
  static async zero(path: string, offset: number, length: number): Promise<void> {
    const place = ['bs=1M', `seek=${offset}`, `count=${length}`, 'conv=notrunc,fsync', 'status=none'];
    await run('dd', 'if=/dev/zero', `of=${path}`, ...place);
  }

  /** Of so many bytes, from an offset on. */
  static async sum(path: string, bytes: number, offset = 0): Promise<string> {
    const results = await host.pipe([
      ['tail', '-c', `+${offset + 1}`, '--', path],
      ['head', '-c', String(bytes)],
      ['sha256sum'],
    ]);
    return results.at(-1)?.stdout.toString() ?? '';
  }

  static async allocated(path: string): Promise<number> {
    return Number(await run('stat', '-c', '%b', path)) * 512;
  }

  /** Between two tests. */
  async detachAll(): Promise<void> {
    for (const path of [...this.devices]) await this.detach(path);
  }

  async dispose(): Promise<void> {
    await this.detachAll();
    if (this.filesystem) await this.filesystem.dispose();
    else await rm(this.folder, { recursive: true, force: true });
  }
}
