/** What a btrfs volume holds that an incremental can start from. */
import { STATE_FOLDER } from '../../model/paths';
import { basename, dirname } from 'node:path';
import type { HeldState, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { findPlace, folderOf, PARTIAL, type Place } from '../directory/place';
import { isInside } from '../../trees/mounts';
import { runTool } from '../shared/tools';
import { ROOT_PART } from './folders';
import { successorPath } from './exchange';
import {
  findRelatives,
  identityOf,
  listSubvolumes,
  listTimes,
  type Subvolume,
} from '../directory/subvolumes/subvolumes';

/** A frozen state as it lies on this filesystem. */
export interface Found {
  subvolume: Subvolume;
  path: string;
  ours: boolean;
}

/** Where the states of one relationship lie. */
export interface Folders {
  captures: string;
  trees: string;
  parts: string;
  incoming: string;
}

/**
 * The read-only subvolumes that are states of the volume, in the order in which they were made. Trees that were
 * put together of parts are none: what both sides hold are the parts.
 * @param isSource so that nothing is sent from a state that the volume never had. A target's copies may have
 *   lost what shows them to be related; one received beside it is told by its identity.
 */
export function findStates(
  subvolumes: readonly Subvolume[],
  root: string,
  folders?: Folders,
  isSource = false,
): Found[] {
  const live = subvolumes.find(({ path }) => path === root);
  const relatives = new Set(live ? findRelatives(subvolumes, live.uuid) : []);
  const inParts = subvolumes.flatMap(({ path }) =>
    folders && path !== undefined && isPart(path, folders) ? [basename(dirname(path))] : [],
  );
  return subvolumes.flatMap((subvolume) => {
    const { path, readOnly } = subvolume;
    if (!readOnly || path === undefined) return [];
    if (path === root) return isReceived(subvolume) ? [{ subvolume, path, ours: false }] : [];
    const ours = folders !== undefined && isOurs(path, folders, inParts);
    const isCopy = !isSource && isReceived(subvolume) && dirname(path) === dirname(root);
    if (!ours && ((!relatives.has(subvolume) && !isCopy) || isPrivate(path, root))) return [];
    return [{ subvolume, path, ours }];
  });
}

/** As another tool received it, and nobody could write to it since: what is ours is never received in its place. */
export const isReceived = ({ readOnly, receivedUuid }: Subvolume) => readOnly && receivedUuid !== undefined;

/** The outermost of a state that is kept in parts. */
export const isPart = (path: string, { parts }: Folders) =>
  basename(path) === ROOT_PART && dirname(dirname(path)) === parts;

function isOurs(path: string, folders: Folders, inParts: readonly string[]): boolean {
  const isWhole = [folders.captures, folders.trees].includes(dirname(path));
  const isFinished = !path.endsWith(PARTIAL) && !inParts.includes(basename(path));
  return isPart(path, folders) || (isWhole && isFinished);
}

/** What Tidemark keeps for anybody, and the replica's successor, are nobody else's snapshots. */
function isPrivate(path: string, root: string): boolean {
  return path.split('/').includes(STATE_FOLDER) || isInside(path, successorPath(root));
}

export function foldersOf(place: Place, relationship: string): Folders | undefined {
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
  const found = findStates(
    subvolumes,
    place.root,
    foldersOf(place, relationship),
    place.state?.claims[relationship]?.role === 'source',
  );
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
