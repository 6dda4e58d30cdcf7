/** Freezes the live replica as a recovery point, and goes back to one. */
import { randomUUID } from 'node:crypto';
import type { Host } from '../../hosts/contract';
import type { Point, Volume } from '../../model/records';
import { lookAtSomething, readMark } from '../../movers/block/look';
import type { PublishRequest, SincePoint } from '../contract';
import { withLock } from '../shared/lock';
import { publishOnce } from '../shared/publish-once';
import { makeError } from '../shared/tools';
import { checkFree } from './guards';
import { cloneImage, flush, partialOf, type WorkOptions } from './images';
import { ensureFolder, findReadyPlace, lockKey, makeAttempt, type ReadyPlace } from './place';
import { findRecord, imagePath, readWholeRecords, removeDirectPoints, writePoint } from './points';

/** `publish` of the volume contract. */
export async function publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point> {
  const { relationship, stamp, method, signal } = request;
  const place = await findReadyPlace(host, volume);
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  const look = async () => ({
    points: (await readWholeRecords(place, relationship)).map(({ point }) => point),
  });
  return await publishOnce(lockKey(place, `points:${relationship}`), stamp.id, look, async () => {
    signal?.throwIfAborted();
    await flush(place, place.root);
    const mark = await readMark(host, await lookAtSomething(host, place.root));
    const image = await freeze(place, request, { attempt, ...(signal && { signal }) });
    const point: Point = { ...stamp, method, identity: image ?? stamp.syncId };
    await writePoint(place, relationship, { point, mark, ...(image !== undefined && { image }) });
    // The live replica has moved on from what they stood for.
    await removeDirectPoints(place, relationship, point.id);
    return point;
  });
}

/** @returns the image that holds it; none where the live replica is all there is */
async function freeze(
  place: ReadyPlace,
  { relationship, method }: PublishRequest,
  options: WorkOptions,
): Promise<string | undefined> {
  if (method === 'Direct') return undefined;
  if (method !== 'Clone') {
    const hint = 'use copyMethod Direct, or Clone of an image file on btrfs or XFS';
    throw makeError(place, 'UnsupportedCapture', `it can't be frozen by ${method}`, { hint });
  }
  await ensureFolder(place, relationship, 'images');
  const image = randomUUID();
  await cloneImage(place, place.root, imagePath(place, relationship, image), options);
  return image;
}

/**
 * `rollback` of the volume contract. The image comes into the place of the live one in one step: who has that open goes on
 * with a file that has no name any more.
 */
export async function rollback(
  host: Host,
  volume: Volume,
  request: { relationship: string; pointId: string; signal?: AbortSignal },
): Promise<void> {
  const { relationship, pointId, signal } = request;
  const place = await findReadyPlace(host, volume);
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  await withLock(lockKey(place, `points:${relationship}`), async () => {
    const { image } = await findRecord(place, relationship, pointId);
    if (image === undefined) return;
    signal?.throwIfAborted();
    await checkFree(place, { relationship, epoch: 0, role: 'target' });
    // Before anything is written, so that no point is taken for what the replica holds.
    await removeDirectPoints(place, relationship);
    const fresh = partialOf(imagePath(place, relationship, 'rollback'));
    const options = { attempt, ...(signal && { signal }) };
    await cloneImage(place, imagePath(place, relationship, image), fresh, options);
    await host.files.rename(fresh, place.root);
  });
}

/** `wasWritten` of the volume contract: of a device, also after a restart of the machine, when nobody can tell. */
export async function wasWritten(host: Host, volume: Volume, { relationship }: SincePoint): Promise<boolean> {
  const place = await findReadyPlace(host, volume);
  const newest = (await readWholeRecords(place, relationship)).at(-1);
  return newest?.mark !== (await readMark(host, place.found));
}
