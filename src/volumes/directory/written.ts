/** What others wrote to a replica since its newest point: a transfer compares it by content, or somebody is asked. */
import type { Volume, Written } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { SincePoint } from '../contract';
import { withLock } from '../shared/lock';
import { listWrittenBy, wasWrittenBy } from '../shared/written';
import { findPlace, makeAttempt, type ReadyPlace } from './place';
import { readWholeRecords } from './points';
import { lookAtReplica, type ReplicaLook } from './replica';

/** `listWritten` of the volume contract. */
export const listWritten = async (host: Host, volume: Volume, request: SincePoint): Promise<Written> =>
  listWrittenBy(await lookSincePoint(host, volume, request), request.landings);

/** `wasWritten` of the volume contract. */
export const wasWritten = async (host: Host, volume: Volume, request: SincePoint): Promise<boolean> =>
  wasWrittenBy(await lookSincePoint(host, volume, request), request.landings);

/** One look at the whole replica; undefined where nothing was kept of it that could tell. */
async function lookSincePoint(
  host: Host,
  volume: Volume,
  { relationship, signal }: SincePoint,
): Promise<ReplicaLook | undefined> {
  const found = await findPlace(host, volume);
  if (!found.exists || found.meta === undefined) return undefined;
  const place: ReadyPlace = { ...found, meta: found.meta };
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  return await withLock(`points:${place.root}:${relationship}`, async () => {
    const options = { attempt, ...(signal && { signal }) };
    const newest = (await readWholeRecords(place, relationship)).at(-1);
    return await lookAtReplica(place, relationship, newest, options);
  });
}
