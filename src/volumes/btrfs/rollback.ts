/** The live replica becomes equal to one of its recovery points, by a snapshot of that. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { withLock } from '../shared/lock';
import { findPlace, findReadyPlace, makeAttempt } from '../directory/place';
import { findRecord, flush, treePath } from '../directory/points';
import { leavePoints } from '../directory/rollback';
import { mendNames } from './exchange';
import { replaceReplica } from './replica';

/** `rollback` of the volume contract. */
export async function rollback(
  host: Host,
  volume: Volume,
  request: { relationship: string; pointId: string; signal?: AbortSignal },
): Promise<void> {
  const { relationship, pointId, signal } = request;
  await mendNames(await findPlace(host, volume));
  const place = await findReadyPlace(host, volume);
  // One mark with publishing: neither may go on beside the other.
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  await withLock(`points:${place.root}:${relationship}`, async () => {
    const { tree } = await findRecord(place, relationship, pointId);
    if (tree === undefined) return;
    signal?.throwIfAborted();
    await leavePoints(place, relationship);
    const path = treePath(place, relationship, tree);
    // Whoever goes back to a point is about to use it.
    await replaceReplica(place, path, { attempt, ...(signal && { signal }), readOnly: false });
    await flush(place);
  });
}
