/** Keeps the users of a volume from writing to it, where its filesystem can. */
import type { Place } from './place';
import { runTool } from './tools';

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
  await runTool(place, ['btrfs', 'property', 'set', '-ts', place.root, 'ro', 'true']);
}

/** Undoes `makeReadOnly`, where a claim says that it may have been done. Repeatable. */
export async function ensureWritable(place: Place): Promise<void> {
  const isMarked = Object.values(place.state?.claims ?? {}).some(({ readOnly }) => readOnly);
  if (!isMarked || !place.isSubvolume) return;
  await runTool(place, ['btrfs', 'property', 'set', '-ts', place.root, 'ro', 'false']);
}
