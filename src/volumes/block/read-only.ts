/** Keeps a device from being written to, where the kernel can. */
import { runTool } from '../shared/tools';
import { isThere, type Place } from './place';
import { findUses } from './uses';

/** Undefined where it can be made read-only; otherwise why not, and what to do. */
export async function whyNoReadOnly(place: Place): Promise<string | undefined> {
  if (!place.isDevice) return 'an image file can not be made read-only for everybody; stop what writes to it';
  const { writing } = isThere(place) ? await findUses(place) : { writing: [] };
  // A filesystem that is mounted would be damaged by it.
  if (writing.length > 0) return `it is in use: ${writing.join('; ')}; stop what writes to it`;
  return undefined;
}

/** Also of who had it open, every write is refused (EPERM); after a restart of the machine, everybody may write again. */
export async function makeReadOnly(place: Place): Promise<void> {
  await runTool(place, ['blockdev', '--setro', place.root]);
}

/** Undoes `makeReadOnly`, where a claim says that it may have been done. Idempotent. */
export async function ensureWritable(place: Place): Promise<void> {
  const isMarked = Object.values(place.state?.claims ?? {}).some(({ readOnly }) => readOnly);
  if (isMarked && place.found.kind === 'device') await runTool(place, ['blockdev', '--setrw', place.root]);
}
