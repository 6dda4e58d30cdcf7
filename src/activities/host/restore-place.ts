/** What a restore finds on either side, before anything is changed. */
import { basename, dirname, join } from 'node:path';
import type { FileKind, Host, Runner } from '../../hosts/contract';
import { makeRecordReader } from '../../hosts/record-reader';
import { runChecked } from '../../hosts/run-checked';
import { type ErrorType, TidemarkError } from '../../model/errors';
import { formatBytes, formatEntries } from '../../model/units';
import { checkDestination } from '../../volumes/destination';
import { NOT_CONTENT, pruneNames } from '../../trees/own-entries';
import { isInside, mountsBelow, readMounts } from '../../trees/mounts';
import { readRoomAt } from '../../volumes/shared/room';
import type { Content } from '../contract';

const NOTHING: Content = { entries: 0, bytes: 0 };

/**
 * Counts a folder's content, or one entry with all that is in it, within its filesystem.
 * @param isFolder only what is in it: Tidemark's own and `lost+found` are none
 */
export async function countContent(host: Runner, path: string, isFolder: boolean): Promise<Content> {
  const own = isFolder ? pruneNames(NOT_CONTENT) : [];
  const start = isFolder ? ['.', '-xdev', '-mindepth', '1'] : [`./${basename(path)}`, '-xdev'];
  let [entries, bytes, newest] = [0, 0, -Infinity];
  const onEntry = (line: string) => {
    const [type, size, changed] = line.split(' ');
    entries++;
    if (type === 'f') bytes += Number(size);
    newest = Math.max(newest, Number(changed));
  };
  await runChecked(host, ['find', ...start, ...own, '-printf', '%y %s %T@\\n'], {
    cwd: isFolder ? path : dirname(path),
    onStdout: makeRecordReader(onEntry, '\n').push,
    maxOutputBytes: 1024,
  });
  if (entries === 0) return NOTHING;
  return { entries, bytes, newestChange: new Date(newest * 1000).toISOString() };
}

/** Where a restore lands. */
export interface RestorePlace {
  /** The destination without symlinks. */
  root: string;
  exists: boolean;
  /** The folder into which rsync writes: the destination; of one item, the deepest folder on its way that is there. */
  folder: string;
  /** Of one item: its folder in the point that is `folder` here, and the path from there. */
  base?: string;
  item?: string;
  /** What is there, and would be replaced. */
  found: Content;
}

export interface Wanted {
  path: string;
  part?: string;
  overwrite: boolean;
  /** What comes takes on a disk, at the least. */
  leastBytes: number;
}

/** What is there of the folders on the way to an item: no symlink is followed. */
async function findItem(
  host: Runner,
  root: string,
  part: string,
): Promise<Pick<RestorePlace, 'folder' | 'base' | 'item'> & { kind?: FileKind; broken?: string }> {
  const names = part.split('/');
  let folder = root;
  for (const [index, name] of names.entries()) {
    const at = join(folder, name);
    const kind = await host.files.stat(at);
    const found = { folder, base: names.slice(0, index).join('/'), item: names.slice(index).join('/') };
    if (index === names.length - 1) return { ...found, ...(kind && { kind }) };
    if (!kind) return found;
    if (kind.type !== 'directory') return { ...found, broken: `${at} is a ${kind.type}, not a directory` };
    folder = at;
  }
  throw new Error('a part has at least one name');
}

/** What is mounted in the destination: a restore could neither replace it nor leave it alone. */
async function findMounted(host: Runner, root: string, part: string | undefined): Promise<string[]> {
  const replaced = part === undefined ? root : join(root, part);
  const points = mountsBelow(await readMounts(host), root).map(({ point }) => point);
  return points.filter((point) => isInside(point, replaced));
}

const describeContent = ({ entries, bytes, newestChange }: Content) =>
  `${formatEntries(entries)}, ${formatBytes(bytes)}, newest change ${newestChange?.slice(0, 19) ?? '-'}Z`;

/**
 * Refuses a folder that belongs to somebody, whose present content would be lost without a question, or that has no room.
 * Changes nothing.
 */
export async function findRestorePlace(host: Host, wanted: Wanted): Promise<RestorePlace> {
  return await judgeFolder(host, await checkDestination(host, wanted.path), wanted);
}

/**
 * Refuses a folder whose present content would be lost without a question, or that has no room. Changes nothing.
 * @param root the folder where the runner is; users know it as `wanted.path`
 */
export async function judgeFolder(runner: Runner, root: string, wanted: Wanted): Promise<RestorePlace> {
  const { path, part, overwrite, leastBytes } = wanted;
  const fail = (message: string, hint: string, type: ErrorType = 'InvalidSpec') =>
    new TidemarkError(type, message, { host: runner.name, volume: path, hint });
  const exists = (await runner.files.stat(root)) !== undefined;
  const place: RestorePlace = { root, exists, folder: root, found: NOTHING };
  if (part === undefined) {
    if (exists) place.found = await countContent(runner, root, true);
  } else {
    const { kind, broken, ...item } = await findItem(runner, root, part);
    if (broken !== undefined) throw fail(broken, 'restore into another folder, or make it a directory');
    Object.assign(place, item);
    if (kind) place.found = await countContent(runner, join(root, part), false);
  }
  const mounted = await findMounted(runner, root, part);
  if (mounted.length > 0) {
    const message = `other filesystems are mounted in what would be replaced: ${mounted.join(', ')}`;
    throw fail(message, 'restore into another folder, or umount them first');
  }
  if (place.found.entries > 0 && !overwrite) {
    const what = part === undefined ? `${path} is not empty` : `${join(path, part)} is there already`;
    const hint =
      part === undefined
        ? 'name an empty or new folder or claim, or say --overwrite to make it equal to the point'
        : 'restore into another folder, or say --overwrite to replace it';
    throw fail(`${what}: ${describeContent(place.found)}`, hint, 'Diverged');
  }
  // What is there may be part of what comes. Where it is not, it goes only once the rest has arrived.
  const needed = leastBytes - place.found.bytes;
  const missing = needed - (await readRoomAt(runner, root)).freeBytes;
  if (missing > 0) {
    const message = `at least ${formatBytes(needed)} are needed: ${formatBytes(missing)} are missing`;
    throw fail(message, 'free space there, or restore elsewhere', 'TargetFull');
  }
  return place;
}

/** The content of one file or folder of a point. @throws TidemarkError `InvalidSpec` where the point has none. */
export async function findPart(
  host: Runner,
  { tree, part, pointId }: { tree: string; part: string; pointId: string },
): Promise<Content> {
  const names = part.split('/');
  for (const index of names.keys()) {
    const path = names.slice(0, index + 1).join('/');
    const kind = await host.files.stat(join(tree, path));
    const isLast = index === names.length - 1;
    if (kind && (isLast || kind.type === 'directory')) continue;
    const message = kind
      ? `${path} is a ${kind.type} in recovery point ${pointId}: nothing is inside of it`
      : `recovery point ${pointId} has no ${path}`;
    const hint = 'look for it in another point, or restore the folder above';
    throw new TidemarkError('InvalidSpec', message, { host: host.name, hint });
  }
  return await countContent(host, join(tree, part), false);
}
