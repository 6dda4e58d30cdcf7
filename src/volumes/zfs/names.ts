/** What Tidemark calls things in a pool. */
import type { Volume } from '../../model/records';

/** User properties. What is stored in them stays where it is: nothing of them is sent. */
export const CLAIMS = 'tidemark:claims';
/** On a snapshot: the recovery point that it is. */
export const POINT = 'tidemark:point';
/** On a recovery point that another relationship sends on: the syncs that took it for their state. */
export const CAPTURES = 'tidemark:captures';
/** On a dataset beside the replica: what is left to do once it takes the replica's place. */
export const PENDING = 'tidemark:pending';
/** Never set: forgetting it makes ZFS write out what waits in memory. */
export const FLUSH = 'tidemark:flush';

/** The dataset beside volumes, in which everything else of Tidemark is. */
export const FOLDER = '.tidemark';

/** The dataset that holds a volume; undefined for a pool's own. */
export function parentOf(dataset: string): string | undefined {
  const slash = dataset.lastIndexOf('/');
  return slash < 0 ? undefined : dataset.slice(0, slash);
}

/** Where Tidemark keeps what belongs to a volume: never mounted. That of a pool's own dataset is inside of it. */
export function containerOf({ path }: Volume): string {
  const parent = parentOf(path);
  return parent === undefined
    ? `${path}/${FOLDER}/.pool`
    : `${parent}/${FOLDER}/${path.slice(parent.length + 1)}`;
}

/** Where a stream lands that is no increment of the replica. */
export function sideOf(volume: Volume): string {
  return `${containerOf(volume)}/side`;
}

/** The start of the names of a relationship's snapshots; no name of a relationship holds a `_`. */
export function snapshotPrefix(relationship: string): string {
  return `tidemark_${relationship}_`;
}

/** The part of a snapshot's name after the `@`. */
export function snapshotName(relationship: string, syncId: string): string {
  return `${snapshotPrefix(relationship)}${syncId}`;
}

/** The tag by which a relationship holds its bases. */
export function holdTag(relationship: string): string {
  return `tidemark:${relationship}`;
}

/** The dataset of a snapshot or bookmark, and its own name. */
export function splitName(name: string): { dataset: string; own: string } {
  const at = name.search(/[@#]/);
  return at < 0 ? { dataset: name, own: '' } : { dataset: name.slice(0, at), own: name.slice(at + 1) };
}
