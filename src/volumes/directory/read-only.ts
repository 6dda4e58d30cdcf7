/** Keeps the users of a volume from writing to it, where its filesystem can. */
import { listSubvolumes } from './subvolumes/subvolumes';
import { setTreeReadOnly } from './subvolumes/trees';
import type { Place } from './place';
import { runTool } from '../shared/tools';

/** Undefined where the volume can be made read-only; otherwise why not, and what to do. */
export function whyNoReadOnly({ mount, isSubvolume, root }: Place): string | undefined {
  if (isSubvolume) return undefined;
  const why =
    mount.type === 'btrfs'
      ? `${root} is not a btrfs subvolume and can not be made read-only`
      : `${mount.type} can not make a directory read-only`;
  return `${why}; stop what writes to it`;
}

/**
 * Nothing in the volume can be opened for writing any more; programs that had files open go on writing
 * to those. Tidemark's own folder inside of a btrfs volume is a subvolume of its own, and stays writable.
 */
export async function makeReadOnly(place: Place): Promise<void> {
  await setReadOnly(place, true);
}

/**
 * Undoes `makeReadOnly`, where a claim says that it may have been done. A replica that came by `btrfs send` is
 * read-only as long as it is one. Idempotent.
 */
export async function ensureWritable(place: Place): Promise<void> {
  const isMarked = Object.values(place.state?.claims ?? {}).some(({ readOnly }) => readOnly);
  if ((!isMarked && place.volume.kind !== 'btrfs') || !place.isSubvolume) return;
  await setReadOnly(place, false);
}

async function setReadOnly(place: Place, value: boolean): Promise<void> {
  if (place.volume.kind === 'btrfs')
    await setTreeReadOnly(place, await listSubvolumes(place), place.root, value);
  else await runTool(place, ['btrfs', 'property', 'set', '-ts', place.root, 'ro', String(value)]);
}
