/** Snapshots of a subvolume with, or without, the subvolumes inside of it. */
import { STATE_FOLDER } from '../../../model/paths';
import { randomUUID } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { isInside } from '../../../trees/mounts';
import { PARTIAL, type Place } from '../place';
import { classifyFailure, makeError, runTool } from '../../shared/tools';
import { listSubvolumes, type Subvolume } from './subvolumes';

export interface WorkOptions {
  attempt?: string;
  signal?: AbortSignal;
}

/** A subvolume inside of a volume, by its path from there. */
export interface Inner {
  /** `var/lib/machines`. */
  place: string;
  subvolume: Subvolume;
}

/**
 * The subvolumes inside of the one at `root`, outer before inner. Somebody's snapshots of the volume, kept
 * inside of it, are not its content, and Tidemark's own folder is none either.
 */
export function findInner(subvolumes: readonly Subvolume[], root: string): Inner[] {
  const inside = subvolumes.flatMap((subvolume) => {
    const { path } = subvolume;
    if (path === undefined || path === root || !isInside(path, root)) return [];
    return [{ place: path.slice(root.length + 1), subvolume }];
  });
  const own = subvolumes.filter(({ path }) => path === root);
  const members = [...own, ...inside.map(({ subvolume }) => subvolume)];
  const originals = new Set(members.map(({ uuid }) => uuid));
  const isWritable = own.some(({ readOnly }) => !readOnly);
  const isSnapshot = ({ readOnly, parentUuid = '' }: Subvolume) =>
    readOnly && (isWritable || originals.has(parentUuid));
  const left = inside.filter(
    ({ place, subvolume }) => isInside(place, STATE_FOLDER) || isSnapshot(subvolume),
  );
  return inside
    .filter((each) => !left.some(({ place }) => isInside(each.place, place)))
    .sort((one, other) => (one.place < other.place ? -1 : 1));
}

/** Makes one subvolume read-only or writable. Idempotent. */
export async function setReadOnly(
  place: Place,
  path: string,
  value: boolean,
  options?: WorkOptions,
): Promise<void> {
  const argv = ['btrfs', 'property', 'set', '-ts', path, 'ro', String(value)];
  const result = await place.host.run(argv, options);
  if (result.exitCode === 0) return;
  // What was received loses its identity with that, and has to.
  if (value || !/received_uuid set/.test(result.stderr)) throw classifyFailure(place, argv, result);
  await runTool(place, ['btrfs', 'property', 'set', '-f', ...argv.slice(3)], options);
}

/** Makes a tree read-only or writable, with the subvolumes inside of it. Idempotent. */
export async function setTreeReadOnly(
  place: Place,
  subvolumes: readonly Subvolume[],
  root: string,
  value: boolean,
): Promise<void> {
  const inner = findInner(subvolumes, root).map((each) => join(root, each.place));
  // Whoever finds the outermost read-only may rely on all of it being so.
  const order = value ? [...inner.toReversed(), root] : [root, ...inner];
  for (const path of order) await setReadOnly(place, path, value);
}

/**
 * A frozen state that bears an identity which is not its own is recreated without one. As a snapshot that could be
 * written to for a moment, and was not: the kernel lets none of those keep it. Cut off, nothing is at `path`.
 */
export async function ensureOwnIdentity(
  place: Place,
  { from, path }: { from: string; path: string },
  options: WorkOptions,
): Promise<void> {
  const state = (await listSubvolumes(place)).find((each) => each.path === path);
  if (!state?.borrowsIdentity) return;
  const partial = `${path}.${randomUUID()}${PARTIAL}`;
  await runTool(place, ['btrfs', 'subvolume', 'snapshot', from, partial], options);
  await setReadOnly(place, partial, true, options);
  await runTool(place, ['btrfs', 'subvolume', 'delete', path], options);
  await place.host.files.rename(partial, path);
}

/** One subvolume by another, read-only; there whole, or not at all. */
export async function snapshotReadOnly(
  place: Place,
  from: string,
  to: string,
  options?: WorkOptions,
): Promise<void> {
  await runTool(place, ['btrfs', 'subvolume', 'snapshot', '-r', from, to], options);
}

/** Parts of a tree: where each is now, and where it belongs; the outermost, `''`, first. */
export interface Part {
  from: string;
  place: string;
}

/**
 * Puts a tree together of snapshots of its parts; read-only where asked, the outermost last: who finds that
 * read-only finds a whole tree. Not atomic: the caller renames. Each part is a state of its own moment.
 */
export async function assemble(
  place: Place,
  parts: readonly Part[],
  to: string,
  { readOnly, ...options }: WorkOptions & { readOnly: boolean },
): Promise<void> {
  for (const part of parts) {
    const path = join(to, part.place);
    if (part.place !== '') await clearPlace(place, path);
    await runTool(place, ['btrfs', 'subvolume', 'snapshot', part.from, path], options);
  }
  for (const part of parts) if (part.place !== '') await restoreTimes(place, parts, part, to);
  if (!readOnly) return;
  for (const part of parts.toReversed()) await setReadOnly(place, join(to, part.place), true, options);
}

/** In a snapshot, an empty folder stands where a subvolume was; what was sent has not even that. */
async function clearPlace(place: Place, path: string): Promise<void> {
  const folder = dirname(path);
  const real = await place.host.run(['realpath', '-e', '-z', '--', folder]);
  // No link in the tree leads to another place.
  const isReal = real.stdout.toString() === `${folder}\0`;
  const { exitCode, stderr } = isReal ? await place.host.run(['rmdir', '--', path]) : real;
  if (isReal && (exitCode === 0 || /No such file or directory/.test(stderr))) return;
  throw makeError(place, 'ToolFailed', `${path} is no place for a subvolume`, { toolMessage: stderr.trim() });
}

/** A folder's own times, which putting a subvolume into it has changed. */
async function restoreTimes(place: Place, parts: readonly Part[], { place: inner }: Part, to: string) {
  const folder = dirname(`/${inner}`).slice(1);
  const outer = parts.findLast((part) => isInside(`/${folder}`, `/${part.place}`.replace(/\/$/, '') || '/'));
  if (!outer) return;
  const original = join(outer.from, relative(`/${outer.place}`, `/${folder}`));
  await runTool(place, ['touch', '-r', original, '--', join(to, folder)]);
}

/** What a tree consists of, to be put together elsewhere. */
export function partsOf(subvolumes: readonly Subvolume[], root: string): Part[] {
  const inner = findInner(subvolumes, root).map((each) => ({
    from: join(root, each.place),
    place: each.place,
  }));
  return [{ from: root, place: '' }, ...inner];
}
