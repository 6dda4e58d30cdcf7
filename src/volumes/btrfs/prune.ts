/** Removes recovery points, and what only they, or an earlier role of the volume, needed. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { withLock } from '../shared/lock';
import { findPlace, folderOf } from '../directory/place';
import { readWholeRecords } from '../directory/points';
import { prune as pruneDirectory } from '../directory/prune';
import { dropCaptures } from './capture';
import { sweepParts } from './folders';

/** `prune` of the volume contract. */
export async function prune(
  host: Host,
  volume: Volume,
  request: { relationship: string; removePointIds: readonly string[]; signal?: AbortSignal },
): Promise<void> {
  const { relationship } = request;
  await pruneDirectory(host, volume, request);
  const place = await findPlace(host, volume);
  if (place.meta === undefined) return;
  const ready = { ...place, meta: place.meta };
  await withLock(`points:${place.root}:${relationship}`, async () => {
    const records = await readWholeRecords(ready, relationship);
    const isCopy = place.state?.claims[relationship]?.role === 'target';
    // Until its first point as a target, what it froze as a source is the base.
    if (isCopy && records.some(({ point }) => !point.diverged)) await dropCaptures(ready, relationship);
    const [trees, captures] = await Promise.all(
      (['trees', 'captures'] as const).map((name) => host.files.list(folderOf(ready, relationship, name))),
    );
    await sweepParts(ready, relationship, (name) => [...(trees ?? []), ...(captures ?? [])].includes(name));
  });
}
