/** Recovery points of a store of images: records of what each name stood for. */
import { makePointId } from '../../model/names';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { withLock } from '../shared/lock';
import { writeRecord } from '../shared/tools';
import type { Clone, VolumeDriver } from '../contract';
import { pickPoint, withVerified } from '../shared/points';
import { checkWhole, sweepKept } from './kept';
import { cloneName, clonePrefix } from './names';
import { beginAttempt, findPlace, findReadyPlace, lockKey, type Place } from './place';
import { type PointRecord, readPoints, recordPath } from './records';
import { keepForeign } from './publish';
import { setNames } from './replica';

/** `points` of the volume contract. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  const place = await findPlace(host, volume);
  return (await readPoints(place, relationship)).map(({ point }) => point);
}

/** @throws TidemarkError `PointMissing` where there is no such point. */
export async function findRecord(place: Place, relationship: string, pointId: string): Promise<PointRecord> {
  return pickPoint(place, await readPoints(place, relationship), relationship, pointId);
}

/** `reach` of the volume contract, for a recovery point: its record. */
export async function pointPath(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
): Promise<string> {
  const place = await findReadyPlace(host, volume);
  await findRecord(place, relationship, pointId);
  return recordPath(place, relationship, 'points', pointId);
}

/** `markVerified` of the volume contract. */
export const markVerified: VolumeDriver['markVerified'] = async (host, volume, relationship, pointId, at) => {
  const place = await findReadyPlace(host, volume);
  await withLock(lockKey(place, relationship), async () => {
    const { point, set } = await findRecord(place, relationship, pointId);
    const path = recordPath(place, relationship, 'points', pointId);
    await writeRecord(place, path, { point: withVerified(point, at), set });
  });
};

/** `rollback` of the volume contract. */
export async function rollback(
  host: Host,
  volume: Volume,
  request: { relationship: string; pointId: string; signal?: AbortSignal },
): Promise<void> {
  const { relationship, pointId, signal } = request;
  const place = await beginAttempt(await findReadyPlace(host, volume), 'publish', relationship);
  await withLock(lockKey(place, relationship), async () => {
    const { point, set } = await findRecord(place, relationship, pointId);
    const images = await place.engine.images(place);
    checkWhole(place, set, images);
    const now = new Date().toISOString();
    const { syncId, sequence, bytes, files } = point;
    const stamp = {
      id: makePointId(now, sequence),
      syncId,
      sequence,
      capturedAt: now,
      publishedAt: now,
      bytes,
      files,
    };
    await setNames(place, relationship, {
      wanted: set,
      images,
      keepForeign: (foreign) => keepForeign(place, relationship, stamp, foreign),
      ...(signal && { signal }),
    });
  });
}

interface CloneRequest {
  relationship: string;
  pointId: string;
  cloneId: string;
  signal?: AbortSignal;
}

/** `clone` of the volume contract: names of the drill's own, which stand for the point's images. */
export async function clone(host: Host, volume: Volume, request: CloneRequest): Promise<Clone> {
  const { relationship, pointId, cloneId, signal } = request;
  const place = await beginAttempt(await findReadyPlace(host, volume), 'clones', relationship);
  const prefix = clonePrefix(relationship, cloneId);
  await withLock(lockKey(place, relationship), async () => {
    const { set } = await findRecord(place, relationship, pointId);
    const images = await place.engine.images(place);
    checkWhole(place, set, images);
    const byId = new Map(images.map((image) => [image.id, image]));
    const named = new Set(Object.values(set.names));
    const nameless = Object.keys(set.images).filter((id) => !named.has(id));
    const wanted = [...Object.entries(set.names), ...nameless.map((id) => [id, id] as const)];
    for (const [name, id] of wanted) {
      signal?.throwIfAborted();
      const image = byId.get(id);
      // A name by digest has none that could be moved elsewhere.
      if (image && !name.includes('sha256:')) await place.engine.tag(place, image, cloneName(prefix, name));
    }
  });
  return { path: prefix, how: 'Clone' };
}

/** `removeClones` of the volume contract. */
export async function removeClones(
  host: Host,
  volume: Volume,
  { relationship, keepCloneIds }: { relationship: string; keepCloneIds: readonly string[] },
): Promise<void> {
  const found = await findPlace(host, volume);
  if (!found.exists) return;
  const place = await beginAttempt(found, 'clones', relationship);
  const all = `${clonePrefix(relationship, 'x').slice(0, -1)}`;
  const kept = keepCloneIds.map((cloneId) => `${clonePrefix(relationship, cloneId)}/`);
  await withLock(lockKey(place, relationship), async () => {
    for (const name of (await place.engine.images(place)).flatMap(({ names }) => names)) {
      const isClone = name.startsWith(all) && !kept.some((prefix) => name.startsWith(prefix));
      // The other images of the relationship wait for prune: a transfer may be bringing some just now.
      if (isClone) await place.engine.untag(place, name);
    }
  });
}

/** `prune` of the volume contract. */
export async function prune(
  host: Host,
  volume: Volume,
  request: { relationship: string; removePointIds: readonly string[]; signal?: AbortSignal },
): Promise<void> {
  const { relationship, removePointIds, signal } = request;
  const found = await findPlace(host, volume);
  if (!found.exists) return;
  const place = await beginAttempt(found, 'publish', relationship);
  await withLock(lockKey(place, relationship), async () => {
    // First the points, so that none is ever without its images.
    for (const { point } of await readPoints(place, relationship)) {
      if (!removePointIds.includes(point.id)) continue;
      await host.files.remove(recordPath(place, relationship, 'points', point.id));
    }
    await sweepKept(place, relationship, signal);
  });
}
