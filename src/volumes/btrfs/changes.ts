/** Whether a btrfs replica was written to since it was last equal to a state. */
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { makeRecordReader } from '../../hosts/record-reader';
import { pipeChecked } from '../../hosts/run-checked';
import { ensureFolder, findPlace, PARTIAL, type ReadyPlace } from '../directory/place';
import { removeTree } from '../directory/remove-tree';
import { runTool } from '../shared/tools';
import { wasWritten } from './frozen';
import { type Folders, foldersOf, isPart, isReceived } from './states';
import { listSubvolumes, type Subvolume } from '../directory/subvolumes/subvolumes';
import { findInner, snapshotReadOnly } from '../directory/subvolumes/trees';

/** `isChanged` of the volume contract. */
export async function isChanged(host: Host, volume: Volume, relationship: string): Promise<boolean> {
  const place = await findPlace(host, volume);
  const { root, meta, isSubvolume } = place;
  if (!isSubvolume || meta === undefined) return false;
  const subvolumes = await listSubvolumes(place);
  const live = subvolumes.find(({ path }) => path === root);
  if (!live) return false;
  if (isReceived(live)) return await wasWritten(host, root);
  if (isUntouched(subvolumes, root, live)) return false;
  const folders = foldersOf(place, relationship);
  const nearest = findNearest(subvolumes, folders, live) ?? findOrigin(subvolumes, live);
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
  const nearest = findNearest(subvolumes, foldersOf(place, relationship), old) ?? findOrigin(subvolumes, old);
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

/** What another tool received, and made the replica of. */
function findOrigin(subvolumes: readonly Subvolume[], { parentUuid }: Subvolume): string | undefined {
  return subvolumes.find((each) => each.uuid === parentUuid && isReceived(each))?.path;
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
    const lines = makeRecordReader((line) => (isDifferent ||= tellsDifference(line)), '\n');
    const send = ['btrfs', 'send', '--quiet', '--no-data', '-p', tree, frozen];
    const dump = ['btrfs', 'receive', '--dump'];
    const options = { onStdout: lines.push, maxOutputBytes: 4096 };
    await pipeChecked(place.host, [send, dump], options, place.volume.path);
    return isDifferent;
  } finally {
    await removeTree(place, frozen);
  }
}

/** A line of a stream as `btrfs receive --dump` prints it: anything but its beginning, and times. */
const tellsDifference = (line: string) => /^[a-z_]+ +\.\//.test(line) && !/^(snapshot|utimes) /.test(line);
