/** Makes the replica equal to one of its recovery points; newer points stay, in the dataset that it replaces. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { snapshotsOf } from './listing';
import { findGone, partsOf } from './parts';
import { differsFromNewest, findPlace, flush } from './place';
import { findPoint } from './points';
import { withPoints } from './publish';
import { mount } from './mounting';
import { branchSide, settle, swapIn } from './swap';
import { runZfs } from './tools';

/** `rollback` of the volume contract. */
export async function rollback(
  host: Host,
  volume: Volume,
  { relationship, pointId, signal }: { relationship: string; pointId: string; signal?: AbortSignal },
): Promise<void> {
  await withPoints(volume, async () => {
    await settle(host, volume);
    await flush({ host, volume });
    const place = await findPlace(host, volume);
    const { snapshot } = findPoint(place, relationship, pointId);
    signal?.throwIfAborted();
    const parts = partsOf(place, snapshot);
    const names = parts.map(({ part }) => part);
    const isNewest = snapshotsOf(place.entries, volume.path).at(-1)?.name === snapshot.name;
    const isInPlace = parts.every((part) => part.snapshot.dataset === `${volume.path}${part.part}`);
    // Children that the point has not must not be served with it.
    if (!isNewest || !isInPlace || findGone(place, names).length > 0) {
      await branchSide(host, volume, parts);
      await swapIn(host, volume);
      return;
    }
    if (!differsFromNewest(place, volume.path)) return;
    // Without -r: where a child has a newer snapshot of anybody's, this fails and destroys nothing.
    for (const part of parts) await runZfs(place, ['rollback', part.snapshot.name]);
    await mount(place);
  });
}
