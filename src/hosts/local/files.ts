import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { FileKind, Host, HostFiles } from '../contract';
import { runChecked } from '../run-checked';
import { programFolders } from './program';
import { makeSshKey } from './ssh-key';

type RunningHost = Pick<Host, 'name' | 'run'>;

const PRIVATE_MODE = 0o600;

/** Undefined where a path, or a folder on its way, is not there. */
function ignoreMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw error;
}

/** Makes a rename, or a new name, in this folder outlast a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeDurably(path: string, content: string, mode: number): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', mode);
  try {
    try {
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

function typeOf(stats: BigIntStats): FileKind['type'] {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symbolic link';
  return stats.isFile() ? 'regular file' : 'special file';
}

/** Of what is missing, the folder is resolved; a link that leads nowhere is followed as far as it goes. */
async function resolvePath(path: string): Promise<string> {
  const real = await realpath(path).catch(ignoreMissing);
  if (real !== undefined) return real;
  const folder = await resolvePath(dirname(path));
  const link = await readlink(join(folder, basename(path))).catch(() => undefined);
  return link === undefined ? join(folder, basename(path)) : await resolvePath(resolve(folder, link));
}

/** `rm` copes with names of any bytes and stays on one filesystem. */
async function removeTree(host: RunningHost, path: string): Promise<void> {
  const remove = ['rm', '-rf', '--one-file-system', '--', path];
  const result = await host.run(remove);
  if (result.exitCode === 0) return;
  // A folder without permission to write keeps its entries, for everybody but root.
  await host.run([
    'find',
    path,
    '-xdev',
    '-type',
    'd',
    '!',
    '-perm',
    '-700',
    '-exec',
    'chmod',
    'u+rwx',
    '{}',
    '+',
  ]);
  await runChecked(host, remove);
}

/** As a program is looked for when it is started. */
async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of programFolders()) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

/** Files of this machine. @param host runs what Node can't do by itself. */
export function makeLocalFiles(host: RunningHost): HostFiles {
  return {
    read: (path) => readFile(path, 'utf8').catch(ignoreMissing),
    write: (path, content, mode = PRIVATE_MODE) => writeDurably(path, content, mode),
    async remove(path) {
      const stat = await lstat(path).catch(ignoreMissing);
      if (!stat) return;
      if (stat.isDirectory()) await removeTree(host, path);
      else await unlink(path).catch(ignoreMissing);
    },
    async list(path) {
      const names = (await readdir(path).catch(ignoreMissing)) ?? [];
      return names.sort();
    },
    async isEmpty(path, except = []) {
      for await (const { name } of await opendir(path)) if (!except.includes(name)) return false;
      return true;
    },
    async stat(path) {
      const stats = await lstat(path, { bigint: true }).catch(ignoreMissing);
      return stats && { type: typeOf(stats), inode: String(stats.ino), device: String(stats.dev) };
    },
    resolve: resolvePath,
    async mkdir(path, mode) {
      const made = await mkdir(path, { recursive: true });
      // Exactly the mode that was asked for, whatever the umask; a folder of before keeps its own.
      if (made !== undefined && mode !== undefined) await chmod(path, mode);
    },
    async rename(from, to) {
      await rename(from, to);
      await syncFolder(dirname(to));
    },
    async room(folder) {
      const { bavail, frsize, files, ffree } = await statfs(`${folder}/.`);
      return { freeBytes: bavail * frsize, ...(files > 0 && { inodes: { free: ffree, total: files } }) };
    },
    clock: () => Promise.resolve(Date.now() / 1000),
    async makeKeyPair(path) {
      const { publicLine, privateFile } = makeSshKey();
      await writeDurably(path, privateFile, PRIVATE_MODE);
      return publicLine;
    },
    async identifyProgram(program, files) {
      const path = await findProgram(program);
      if (path === undefined) return undefined;
      const looks = await Promise.all(
        [path, ...files].map((file) => stat(file, { bigint: true }).catch(ignoreMissing)),
      );
      const marks = looks.map(
        (look) => look && [look.dev, look.ino, look.size, look.mtimeNs, look.ctimeNs].join(':'),
      );
      return [path, ...marks.map((mark) => mark ?? 'none')].join(' ');
    },
  };
}
