/** Makes the replica equal to one of its recovery points; newer points stay, in the dataset that it replaces. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { snapshotsOf } from './listing';
import { differsFromNewest, findPlace, flush, withChildren } from './place';
import { findPoint } from './points';
import { withPoints } from './publish';
import { branchSide, mount, settle, swapIn } from './swap';
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
    const isNewest = snapshotsOf(place.entries, volume.path).at(-1)?.name === snapshot.name;
    if (!isNewest) {
      await branchSide(host, volume, snapshot);
      await swapIn(host, volume);
      return;
    }
    if (!differsFromNewest(place, volume.path)) return;
    // Without -r: where a child has a newer snapshot of anybody's, this fails and destroys nothing.
    for (const { name } of withChildren(place.entries, snapshot)) await runZfs(place, ['rollback', name]);
    await mount(place);
  });
}
