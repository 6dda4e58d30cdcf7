/** Counts what of a tree is not carried, and names some of it. */
import { join, relative } from 'node:path';
import type { Runner } from '../hosts/contract';
import { STATE_FOLDER } from '../model/paths';
import { LEFT_OUT_EXAMPLES, type LeftOut, type LeftOutReason } from '../model/left-out';
import { mountsBelow, readMounts } from './mounts';
import { LOST_FOUND, STATE_FILE } from './own-entries';
import { walk } from './walk';

/** Of btrfs: the empty folder that a snapshot has in place of a subvolume. */
const MISSING_SUBVOLUME_INODE = '2';

/** Told of each entry that is left out. The path is bytes, one character each (`latin1`). */
export type OnFound = (reason: LeftOutReason, path: string) => void;

/** A path as rsync prints it: bytes that are no text as `\#ooo`. */
export function showPath(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return text;
  return latin1.replaceAll(/[^\0-\x7f]/g, (char) => `\\#${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** Counts by reason, with the first paths of each. */
export class Tally {
  private readonly found = new Map<LeftOutReason, LeftOut>();

  readonly add: OnFound = (reason, path) => {
    const entry = this.found.get(reason) ?? { reason, count: 0, examples: [] };
    entry.count++;
    if (entry.examples.length < LEFT_OUT_EXAMPLES) entry.examples.push(showPath(path));
    this.found.set(reason, entry);
  };

  get list(): LeftOut[] {
    return [...this.found.values()];
  }
}

/** Where something is mounted inside of a tree: paths below its root, bytes, one character each (`latin1`). */
export async function mountsInside(host: Runner, root: string): Promise<Set<string>> {
  const [real, mounts] = await Promise.all([host.files.resolve(root), readMounts(host)]);
  return new Set(
    mountsBelow(mounts, real).map(({ point }) => Buffer.from(relative(real, point)).toString('latin1')),
  );
}

/** What a folder on another device than its tree is: a subvolume has one of its own without being mounted. */
export const reasonOfForeign = (path: string, mounts: ReadonlySet<string>): LeftOutReason =>
  mounts.has(path) ? 'mount' : 'subvolume';

/**
 * Finds what is mounted inside of a tree, and the subvolumes in it: what stays on one device does not go there.
 * @param options.sockets they too, for tools that don't carry them
 */
export async function findForeign(
  host: Runner,
  root: string,
  onFound: OnFound,
  { sockets = false, ...options }: { signal?: AbortSignal; sockets?: boolean } = {},
): Promise<void> {
  let device: string | undefined;
  const mounts = await mountsInside(host, root);
  await walk(
    host,
    root,
    (entry) => {
      device ??= entry.device;
      const path = entry.path.slice('./'.length);
      if (entry.type === 'd' && entry.device !== device) onFound(reasonOfForeign(path, mounts), path);
      if (sockets && entry.type === 's') onFound('socket', path);
    },
    options,
  );
}

/**
 * Finds what lies at the top of a tree under a name that is never carried. Tidemark's own files about this volume
 * are nobody's data; nor is an empty `lost+found`, as mkfs makes it.
 */
export async function findAtTop(host: Runner, root: string, onFound: OnFound): Promise<void> {
  const own = await host.files.stat(join(root, STATE_FOLDER));
  // A snapshot has an empty folder in place of ours, which is a subvolume.
  const isOurs =
    own?.inode === MISSING_SUBVOLUME_INODE ||
    (own?.type === 'directory' &&
      (await host.files.stat(join(root, STATE_FOLDER, STATE_FILE))) !== undefined);
  if (own && !isOurs) onFound('tidemark', STATE_FOLDER);
  const lostFound = await host.files.stat(join(root, LOST_FOUND));
  if (lostFound && !(lostFound.type === 'directory' && (await isEmptyFolder(host, join(root, LOST_FOUND)))))
    onFound(LOST_FOUND, LOST_FOUND);
}

/** False where it can't be read: something may be in it. */
const isEmptyFolder = (host: Runner, path: string): Promise<boolean> =>
  host.files.isEmpty(path).catch(() => false);
