/** What a btrfs volume holds that an incremental can start from, and whether its replica was written to. */
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { HeldState, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { PARTIAL } from '../directory/capture';
import { isInside } from '../shared/mounts';
import {
  ensureFolder,
  findPlace,
  folderOf,
  META_NAME,
  type Place,
  type ReadyPlace,
  removeTree,
} from '../directory/place';
import { runTool } from '../shared/tools';
import { ROOT_PART } from './folders';
import { successorPath } from './exchange';
import { findRelatives, identityOf, listSubvolumes, listTimes, type Subvolume } from './subvolumes';
import { findInner, snapshotReadOnly } from './trees';

/** A frozen state as it lies on this filesystem. */
export interface Found {
  subvolume: Subvolume;
  path: string;
  ours: boolean;
}

/** Where the states of one relationship lie. */
interface Folders {
  captures: string;
  trees: string;
  parts: string;
  incoming: string;
}

/**
 * The read-only subvolumes that are states of the volume, in the order in which they were made. Trees that were
 * put together of parts are none: what both sides hold are the parts.
 */
export function findStates(subvolumes: readonly Subvolume[], root: string, folders?: Folders): Found[] {
  const live = subvolumes.find(({ path }) => path === root);
  const relatives = new Set(live ? findRelatives(subvolumes, live.uuid) : []);
  const inParts = subvolumes.flatMap(({ path }) =>
    folders && path !== undefined && isPart(path, folders) ? [basename(dirname(path))] : [],
  );
  return subvolumes.flatMap((subvolume) => {
    const { path, readOnly } = subvolume;
    if (!readOnly || path === undefined || path === root) return [];
    const ours = folders !== undefined && isOurs(path, folders, inParts);
    if (!ours && (!relatives.has(subvolume) || isPrivate(path, root))) return [];
    return [{ subvolume, path, ours }];
  });
}

const isPart = (path: string, { parts }: Folders) =>
  basename(path) === ROOT_PART && dirname(dirname(path)) === parts;

function isOurs(path: string, folders: Folders, inParts: readonly string[]): boolean {
  const isWhole = [folders.captures, folders.trees].includes(dirname(path));
  const isFinished = !path.endsWith(PARTIAL) && !inParts.includes(basename(path));
  return isPart(path, folders) || (isWhole && isFinished);
}

/** What Tidemark keeps for anybody, and the replica's successor, are nobody else's snapshots. */
function isPrivate(path: string, root: string): boolean {
  return path.split('/').includes(META_NAME) || isInside(path, successorPath(root));
}

function foldersOf(place: Place, relationship: string): Folders | undefined {
  const { meta } = place;
  if (meta === undefined) return undefined;
  const at = (name: keyof Folders) => folderOf({ ...place, meta }, relationship, name);
  return { captures: at('captures'), trees: at('trees'), parts: at('parts'), incoming: at('incoming') };
}

/** Of what is no snapshot, a list does not tell when it was made. */
async function readCreation(place: Place, path: string): Promise<string> {
  const { stdout } = await runTool(place, ['btrfs', 'subvolume', 'show', '--', path]);
  const told = /^\s*Creation time:\s+(\S.*)$/m.exec(stdout.toString())?.[1];
  const time = new Date(told ?? 0);
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}

/** `states` of the volume contract. */
export async function states(host: Host, volume: Volume, relationship: string): Promise<HeldState[]> {
  const place = await findPlace(host, volume);
  if (place.mount.type !== 'btrfs' || (!place.exists && place.meta === undefined)) return [];
  const [subvolumes, times] = await Promise.all([listSubvolumes(place), listTimes(place)]);
  const found = findStates(subvolumes, place.root, foldersOf(place, relationship));
  const held = await Promise.all(
    found.map(async ({ subvolume, path, ours }): Promise<HeldState> => {
      const createdAt = times.get(subvolume.id) ?? (await readCreation(place, path));
      // Whatever takes the replica's place leaves a subvolume beside it as it is.
      const apart = ours ? {} : { apart: true as const };
      return { identity: identityOf(subvolume), name: path, createdAt, kind: 'snapshot', ours, ...apart };
    }),
  );
  return withoutCopies(held);
}

/** Of several that hold one state, ours: the others may go at any time. */
function withoutCopies(held: readonly HeldState[]): HeldState[] {
  const ours = new Set(held.filter(({ ours: isOurs }) => isOurs).map(({ identity }) => identity));
  return held.filter((state) => state.ours || !ours.has(state.identity));
}

/** `isChanged` of the volume contract. */
export async function isChanged(host: Host, volume: Volume, relationship: string): Promise<boolean> {
  const place = await findPlace(host, volume);
  const { root, meta, isSubvolume } = place;
  if (!isSubvolume || meta === undefined) return false;
  const subvolumes = await listSubvolumes(place);
  const live = subvolumes.find(({ path }) => path === root);
  if (!live || isUntouched(subvolumes, root, live)) return false;
  const folders = foldersOf(place, relationship);
  const nearest = findNearest(subvolumes, folders, live);
  if (nearest !== undefined) {
    const { missing, extra, shared } = comparePlaces(subvolumes, nearest, root);
    if (missing.length > 0 || (extra.length > 0 && shared.length > 1)) return true;
    return await differ({ ...place, meta }, relationship, { tree: nearest, replica: root, places: shared });
  }
  // Before the first state there is nothing to differ from.
  return subvolumes.some(({ path }) => path !== undefined && folders?.trees === dirname(path));
}

/**
 * What was the replica holds something that none of the relationship's trees has: files that somebody
 * changed, or subvolumes that were not sent along.
 */
export async function hasOwn(place: ReadyPlace, relationship: string, path: string): Promise<boolean> {
  const subvolumes = await listSubvolumes(place);
  const old = subvolumes.find((each) => each.path === path);
  if (!old || isUntouched(subvolumes, path, old)) return false;
  const nearest = findNearest(subvolumes, foldersOf(place, relationship), old);
  if (nearest === undefined) return !(await isEmptyAt(place, path));
  const { extra, shared } = comparePlaces(subvolumes, nearest, path);
  // What was never finished lacks some of its subvolumes; that is nothing of its own.
  if (extra.length > 0) return true;
  return await differ(place, relationship, { tree: nearest, replica: path, places: shared });
}

async function isEmptyAt(place: ReadyPlace, path: string): Promise<boolean> {
  const { stdout } = await runTool(place, ['find', '.', '-mindepth', '1', '-print', '-quit'], { cwd: path });
  return stdout.length === 0;
}

/** What a replica was made of, or what was made of it: the newest of the relationship's trees. */
function findNearest(
  subvolumes: readonly Subvolume[],
  folders: Folders | undefined,
  replica: Subvolume,
): string | undefined {
  const made = [folders?.captures, folders?.trees];
  const { uuid, parentUuid } = replica;
  const inParts = new Map(
    subvolumes.flatMap((each) =>
      folders && each.path !== undefined && isPart(each.path, folders)
        ? [[each.uuid, basename(dirname(each.path))] as const]
        : [],
    ),
  );
  return subvolumes.findLast((each) => {
    const { path = '', readOnly } = each;
    if (!readOnly || path.endsWith(PARTIAL) || !made.includes(dirname(path))) return false;
    // A tree that was put together is a copy of parts, and those are the replica's.
    const origin = subvolumes.find((part) => part.uuid === each.parentUuid && inParts.has(part.uuid));
    return each.uuid === parentUuid || each.parentUuid === uuid || origin?.parentUuid === uuid;
  })?.path;
}

/** Nobody could write there, nor did before that. */
function isUntouched(subvolumes: readonly Subvolume[], root: string, live: Subvolume): boolean {
  const all = [live, ...findInner(subvolumes, root).map(({ subvolume }) => subvolume)];
  return all.every((each) => each.readOnly && each.generation === each.createdGeneration);
}

/** The places of subvolumes: in both, in the tree alone, and in the replica alone. */
function comparePlaces(subvolumes: readonly Subvolume[], tree: string, replica: string) {
  const placesOf = (root: string) => ['', ...findInner(subvolumes, root).map((each) => each.place)];
  const [inTree, inReplica] = [placesOf(tree), placesOf(replica)];
  return {
    shared: inTree.filter((place) => inReplica.includes(place)),
    missing: inTree.filter((place) => !inReplica.includes(place)),
    extra: inReplica.filter((place) => !inTree.includes(place)),
  };
}

/** True where a tree and a replica are not equal. Times of access and the like are no difference. */
async function differ(
  place: ReadyPlace,
  relationship: string,
  { tree, replica, places }: { tree: string; replica: string; places: readonly string[] },
): Promise<boolean> {
  for (const inner of places) {
    if (await differByOne(place, relationship, join(tree, inner), join(replica, inner))) return true;
  }
  return false;
}

async function differByOne(
  place: ReadyPlace,
  relationship: string,
  tree: string,
  replica: string,
): Promise<boolean> {
  const trees = await ensureFolder(place, relationship, 'trees');
  const frozen = join(trees, `${randomUUID()}${PARTIAL}`);
  await snapshotReadOnly(place, replica, frozen);
  try {
    let isDifferent = false;
    const results = await place.host.pipe(
      [
        ['btrfs', 'send', '--quiet', '--no-data', '-p', tree, frozen],
        ['btrfs', 'receive', '--dump'],
      ],
      {
        onStdout: (chunk) => (isDifferent ||= tellsDifference(chunk.toString('latin1'))),
        maxOutputBytes: 4096,
      },
    );
    return isDifferent || results.some(({ exitCode }) => exitCode !== 0);
  } finally {
    await removeTree(place, frozen);
  }
}

/** Of a stream as `btrfs receive --dump` prints it: anything but its beginning, and times. */
export function tellsDifference(dump: string): boolean {
  return dump.split('\n').some((line) => /^[a-z_]+ +\.\//.test(line) && !/^(snapshot|utimes) /.test(line));
}
