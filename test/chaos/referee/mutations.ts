/**
 * Changes to a tree that fool tools which look at names, sizes and times alone: what the referee plays between
 * two syncs. Each picks from what is there, and says what it did, so that a history can be read.
 */
import { execFile } from 'node:child_process';
import {
  constants,
  appendFile,
  chmod,
  chown,
  cp,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

const FOLDERS = 5;
const NAMES = 9;
const MAX_BYTES = 6_000;
const OWNERS = [0, 1234, 4321];
const MODES = [0o600, 0o640, 0o644, 0o755, 0o4755];
/** So that two files are often of one size. */
const SIZES = [1, 100, 100, 4096, MAX_BYTES];

export class Adversary {
  private serial = 0;

  constructor(private readonly random: () => number) {}

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** Several changes, one after another; what they were. */
  async change(root: string, most = 8): Promise<string[]> {
    const told: string[] = [];
    for (let count = 1 + this.below(most); count > 0; count--) told.push(await this.changeOnce(root));
    return told;
  }

  /** Enough to begin with that a few deletions are not most of it. */
  async fill(root: string): Promise<void> {
    for (let count = 0; count < 50; count++) {
      const path = this.anyPath(root);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, this.content());
    }
  }

  private async changeOnce(root: string): Promise<string> {
    const change = this.pick(CHANGES);
    try {
      return `${change.name} ${(await change(this, root)).replaceAll(`${root}/`, '')}`;
    } catch (error) {
      // What it picked can't be changed so: a folder in the place of a file, or into itself.
      return `${change.name} did nothing: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    }
  }

  content(size = this.pick(SIZES)): Buffer {
    return Buffer.alloc(size, `${this.serial++} ${this.random()} `);
  }

  /** A path that may be there or not. */
  anyPath(root: string): string {
    const folder = this.chance(0.4) ? '' : `d${this.below(FOLDERS)}`;
    const deeper = folder !== '' && this.chance(0.3) ? `d${this.below(FOLDERS)}` : '';
    return join(root, folder, deeper, `f${this.below(NAMES)}`);
  }

  async entries(
    root: string,
    wanted: (stats: Awaited<ReturnType<typeof lstat>>) => boolean,
  ): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      if (path.slice(root.length).split('/').includes('.tidemark')) continue;
      if (path.slice(root.length).startsWith('/lost+found')) continue;
      if (wanted(await lstat(path))) found.push(path);
    }
    return found.sort();
  }

  async file(root: string): Promise<string> {
    return this.pick(await this.entries(root, (stats) => stats.isFile()));
  }

  async folder(root: string): Promise<string> {
    return this.pick(await this.entries(root, (stats) => stats.isDirectory()));
  }
}

/** Does something to a file, and sets its time of modification back to what it was. */
async function keepingTime(path: string, act: () => Promise<void>): Promise<void> {
  const { mtimeNs } = await lstat(path, { bigint: true });
  await act();
  const seconds = mtimeNs / 1_000_000_000n;
  const nanoseconds = String(mtimeNs % 1_000_000_000n).padStart(9, '0');
  await exec('touch', ['-h', '-m', '-d', `@${seconds}.${nanoseconds}`, '--', path]);
}

/** Written into what is there, which may be the end of a symlink: the volume has none that leads out. */
async function overwrite(path: string, content: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(content, 0, content.length, 0);
  await file.close();
}

/** A name may be that of a pipe by now: to open that would wait for a reader for ever. */
const WITHOUT_WAITING = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NONBLOCK;
const put = (path: string, content: Buffer) => writeFile(path, content, { flag: WITHOUT_WAITING });

type Change = (by: Adversary, root: string) => Promise<string>;

const CHANGES: readonly Change[] = [
  async function write(by, root) {
    const path = by.anyPath(root);
    await mkdir(dirname(path), { recursive: true });
    await put(path, by.content());
    return path;
  },
  async function writeMany(by, root) {
    const folder = join(root, `d${by.below(FOLDERS)}`);
    await mkdir(folder, { recursive: true });
    for (let index = 0; index < 4; index++) await put(join(folder, `f${by.below(NAMES)}`), by.content(100));
    return folder;
  },
  async function append(by, root) {
    const path = await by.file(root);
    await appendFile(path, by.content());
    return path;
  },
  async function sameSizeSameTime(by, root) {
    const path = await by.file(root);
    const { size } = await lstat(path);
    await keepingTime(path, () => overwrite(path, by.content(size)));
    return path;
  },
  async function replacedSameSizeSameTime(by, root) {
    const path = await by.file(root);
    const { size } = await lstat(path);
    await keepingTime(path, async () => {
      await writeFile(`${path}.new`, by.content(size));
      await rename(`${path}.new`, path);
    });
    return path;
  },
  async function swapFiles(by, root) {
    const [one, other] = [await by.file(root), await by.file(root)];
    await rename(one, `${one}.swap`);
    if (one !== other) await rename(other, one);
    await rename(`${one}.swap`, other);
    return `${one} ${other}`;
  },
  /** Files of equal names, sizes and times under both, so that only their contents differ. */
  async function swapTwins(by, root) {
    const [one, other] = [join(root, 'twin1'), join(root, 'twin2')];
    if (!(await lstat(one).catch(() => undefined))) {
      for (const path of [one, other]) {
        await mkdir(path);
        await writeFile(join(path, 'f0'), by.content(100));
        await exec('touch', ['-d', '2001-02-03 04:05:06.789', '--', join(path, 'f0'), path]);
      }
      return 'made';
    }
    await rename(one, `${one}.swap`);
    await rename(other, one);
    await rename(`${one}.swap`, other);
    return 'swapped';
  },
  async function addName(by, root) {
    const [file, path] = [await by.file(root), by.anyPath(root)];
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await link(file, path);
    return `${file} ${path}`;
  },
  /** One of two names becomes a file of its own, of equal content and time, and private. */
  async function partNames(by, root) {
    const path = by.pick(await by.entries(root, (stats) => stats.isFile() && stats.nlink > 1));
    await exec('cp', ['-p', '--', path, `${path}.own`]);
    await rename(`${path}.own`, path);
    if (by.chance(0.5)) await keepingTime(path, () => chmod(path, by.pick(MODES)));
    if (by.chance(0.5)) await keepingTime(path, () => chown(path, by.pick(OWNERS), by.pick(OWNERS)));
    return path;
  },
  async function changeMode(by, root) {
    const path = await by.file(root);
    await chmod(path, by.pick(MODES));
    return path;
  },
  async function changeOwner(by, root) {
    const path = await by.file(root);
    await chown(path, by.pick(OWNERS), by.pick(OWNERS));
    return path;
  },
  async function changeAttribute(by, root) {
    const path = await by.file(root);
    await exec('setfattr', ['-n', `user.a${by.below(2)}`, '-v', String(by.below(1000)), '--', path]);
    return path;
  },
  async function changeAcl(by, root) {
    const path = await by.file(root);
    await exec('setfacl', ['-m', `u:${by.pick(OWNERS)}:${by.pick(['r', 'rw', 'rwx'])}`, '--', path]);
    return path;
  },
  async function setTime(by, root) {
    const path = await by.file(root);
    await exec('touch', ['-h', '-m', '-d', `@${1_000_000_000 + by.below(3)}.${by.below(3)}`, '--', path]);
    return path;
  },
  async function changeType(by, root) {
    const path = by.pick(await by.entries(root, () => true));
    await rm(path, { recursive: true });
    const kind = by.below(4);
    if (kind === 0) await writeFile(path, by.content());
    if (kind === 1) await mkdir(path);
    if (kind === 2) await symlink(by.pick(['f0', 'd1/f1', '/nowhere']), path);
    if (kind === 3) await exec('mkfifo', [path]);
    return `${path} ${kind}`;
  },
  async function remove(by, root) {
    const path = await by.file(root);
    await rm(path);
    return path;
  },
  async function removeFolder(by, root) {
    const path = await by.folder(root);
    await rm(path, { recursive: true });
    return path;
  },
  async function renameFolder(by, root) {
    const [path, to] = [await by.folder(root), join(root, `d${by.below(FOLDERS)}`)];
    await rename(path, to);
    return `${path} ${to}`;
  },
  async function copyFolder(by, root) {
    const [path, to] = [await by.folder(root), join(root, `d${by.below(FOLDERS)}`)];
    await cp(path, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    return `${path} ${to}`;
  },
  async function cut(by, root) {
    const path = await by.file(root);
    await truncate(path, by.pick(SIZES));
    return path;
  },
  async function punch(by, root) {
    const path = join(root, 'sparse');
    const file = await open(path, 'a+');
    await file.close();
    await truncate(path, 300_000);
    await overwrite(path, by.content(100));
    await exec('fallocate', ['-p', '-o', '0', '-l', String(4096 * by.below(10) + 1), '--', path]);
    return path;
  },
];
