/** Paths of volumes: one spelling each, and the folders that are never a volume. Pure text. */

/** Tidemark's own folder, inside of a volume or beside it. */
export const STATE_FOLDER = '.tidemark';

/** An absolute path in its one spelling: no doubled slash, no `.` part, no slash at the end. */
export function normalizePath(path: string): string {
  if (!path.startsWith('/')) return path;
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

export type HowItLies = 'same' | 'inside' | 'contains';

/** How `path` lies to `other`; undefined where they have nothing in common. */
export function comparePaths(path: string, other: string): HowItLies | undefined {
  const [a, b] = [normalizePath(path), normalizePath(other)];
  const folder = (text: string) => (text === '/' ? '/' : `${text}/`);
  if (a === b) return 'same';
  if (a.startsWith(folder(b))) return 'inside';
  return b.startsWith(folder(a)) ? 'contains' : undefined;
}

/** Filesystems of the kernel: nothing inside is data, but for memory-backed files in `/dev/shm`. */
const KERNEL = /^\/(?:proc|sys|dev(?!\/shm\/.))(?:\/|$)/;
/** Belongs to the operating system; what is inside may be read, and never be replaced. */
const SYSTEM = /^\/(?:bin|sbin|lib(?:32|64|x32)?|boot|etc|usr)(?:\/|$)/;
/** Folders in which others keep their folders: never a volume themselves, but what is inside may be. */
const SHARED = new Set(
  ['run', 'var', 'home', 'root', 'srv', 'opt', 'mnt', 'media', 'tmp'].map((name) => `/${name}`),
);
/** The same, for targets alone. */
const SHARED_TARGETS = new Set(['lib', 'log', 'cache', 'spool', 'tmp', 'run'].map((name) => `/var/${name}`));

/**
 * Why a folder can't be a volume; undefined where it can.
 * @param path absolute; its links are not followed, so a host asks again with the real path.
 */
export function refuseFolder(path: string, role: 'source' | 'target'): string | undefined {
  const folder = normalizePath(path);
  if (folder === '/') return 'the root folder is never a volume';
  if (folder.split('/').includes(STATE_FOLDER))
    return `a ${STATE_FOLDER} folder is Tidemark's own and never a volume`;
  if (KERNEL.test(folder)) return `${folder} belongs to the kernel and is never a volume`;
  const isSystem = SYSTEM.test(folder);
  if (isSystem && role === 'target')
    return `${folder} belongs to the operating system, and would be replaced`;
  const isShared = SHARED.has(folder) || (role === 'target' && SHARED_TARGETS.has(folder));
  if (isShared || (isSystem && folder.lastIndexOf('/') === 0)) {
    return `${folder} is a system folder and never a volume; name a folder inside it`;
  }
  return undefined;
}

/** Where the operating system keeps itself: whatever lies in there is refused by whichever mount it is reached. */
export const SYSTEM_FOLDERS = ['bin', 'sbin', 'lib', 'lib64', 'boot', 'etc', 'usr', 'proc', 'sys', 'dev'].map(
  (name) => `/${name}`,
);

const LONGEST_PATH = 4000;
const LONGEST_NAME = 255;

function utf8Bytes(text: string): number {
  const lengthOf = (point: number) => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);
  return Array.from(text).reduce((sum, letter) => sum + lengthOf(letter.codePointAt(0) ?? 0), 0);
}

/**
 * A file or folder inside of a tree, by its path from the tree's root in one spelling; a text that could lead
 * anywhere else answers what is wrong with it.
 */
export function parseInnerPath(text: string): { path: string } | { problem: string } {
  if (text.startsWith('/'))
    return { problem: 'must be a path inside of the recovery point, without a slash at its beginning' };
  if (text.includes('\0')) return { problem: 'must not hold a zero byte' };
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) return { problem: 'names the whole recovery point: leave it out' };
  if (parts.includes('..')) return { problem: 'must not contain ".."' };
  if (parts.includes(STATE_FOLDER))
    return { problem: `is inside of a ${STATE_FOLDER} folder, which belongs to no recovery point` };
  const path = parts.join('/');
  if (utf8Bytes(path) > LONGEST_PATH || parts.some((part) => utf8Bytes(part) > LONGEST_NAME))
    return { problem: 'is longer than any path can be' };
  return { path };
}
