import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { FileKind, Host, HostFiles } from '../contract';
import { runChecked } from '../run-checked';

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
    async stat(path) {
      const stats = await lstat(path, { bigint: true }).catch(ignoreMissing);
      return stats && { type: typeOf(stats), inode: String(stats.ino) };
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
  };
}
