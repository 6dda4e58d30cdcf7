/** Where a btrfs volume keeps what a directory has not: the parts of nested states, and what is being received. */
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { ensureFolder, findPlace, findReadyPlace, folderOf, type ReadyPlace } from '../directory/place';
import { removeTree } from '../directory/remove-tree';
import { checkName } from '../shared/tools';

/** The outermost subvolume of a state that is kept in parts. */
export const ROOT_PART = 'volume';
/** Before the name of every other part. */
const INNER_PART = 'in,';
/** What a name may be long. */
const MAX_NAME = 255;

/** What a part is called, in one folder with all the others: its place in the tree can be told from it. */
export function partName(place: string): string | undefined {
  if (place === '') return ROOT_PART;
  const name = `${INNER_PART}${Buffer.from(place).toString('base64url')}`;
  return name.length <= MAX_NAME ? name : undefined;
}

/** The place of a part; undefined for a name that is none. Never leads out of the tree. */
export function placeOfPart(name: string): string | undefined {
  if (name === ROOT_PART) return '';
  if (!name.startsWith(INNER_PART)) return undefined;
  const place = Buffer.from(name.slice(INNER_PART.length), 'base64url').toString();
  const isSafe = place !== '' && place.split('/').every((part) => !['', '.', '..'].includes(part));
  return isSafe ? place : undefined;
}

/** Where the parts of one state are, by the name of its tree or the id of its sync. */
export function partsFolder(place: ReadyPlace, relationship: string, name: string): string {
  return join(folderOf(place, relationship, 'parts'), checkName(place, name));
}

/** The folder into which a landing receives. */
export function incomingFolder(place: ReadyPlace, relationship: string): string {
  return folderOf(place, relationship, 'incoming');
}

/** A place with its meta folder, where the replica itself may not be there yet. */
export async function findOwnPlace(host: Host, volume: Volume): Promise<ReadyPlace> {
  const place = await findPlace(host, volume);
  const { meta } = place;
  return meta === undefined ? await findReadyPlace(host, volume) : { ...place, meta };
}

/** Makes the folder into which a landing receives, with nothing of an earlier attempt in it. */
export async function clearIncoming(place: ReadyPlace, relationship: string): Promise<string> {
  const folder = await ensureFolder(place, relationship, 'incoming');
  for (const name of await place.host.files.list(folder)) await removeTree(place, join(folder, name));
  return folder;
}

/** Removes the parts of one state. Nothing there is not an error. */
export async function removeParts(place: ReadyPlace, relationship: string, name: string): Promise<void> {
  const folder = partsFolder(place, relationship, name);
  for (const part of await place.host.files.list(folder)) await removeTree(place, join(folder, part));
  await place.host.files.remove(folder);
}

/** Removes the parts of all states but those to keep. */
export async function sweepParts(
  place: ReadyPlace,
  relationship: string,
  isKept: (name: string) => boolean,
): Promise<void> {
  for (const name of await place.host.files.list(folderOf(place, relationship, 'parts'))) {
    if (!isKept(name)) await removeParts(place, relationship, name);
  }
}
