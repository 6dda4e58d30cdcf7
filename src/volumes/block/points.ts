/**
 * The recovery points of a relationship: one small file each, which names the image that holds its content. A point exists
 * once its file does.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Host } from '../../hosts/contract';
import type { Point, Volume } from '../../model/records';
import type { VolumeDriver } from '../contract';
import { withLock } from '../shared/lock';
import { pickPoint, PointSchema, withVerified } from '../shared/points';
import { readRecordsIn, SUFFIX } from '../shared/records';
import { checkName, writeRecord } from '../shared/tools';
import { ensureFolder, findPlace, findReadyPlace, folderOf, lockKey, makeAttempt, type Place } from './place';

const RecordSchema = z.object({
  point: PointSchema,
  /** The file in `images`; none where the live replica is all there is. */
  image: z.string().exactOptional(),
  /** What the live replica was marked by when the point was made: it has another one once anybody wrote to it. */
  mark: z.string(),
});

export type PointRecord = z.output<typeof RecordSchema>;

function recordPath(place: Place, relationship: string, pointId: string): string {
  return join(folderOf(place, relationship, 'points'), `${checkName(place, pointId)}${SUFFIX}`);
}

export function imagePath(place: Place, relationship: string, image: string): string {
  return join(folderOf(place, relationship, 'images'), checkName(place, image));
}

/** All records, oldest first; also one whose image is gone. None of another device. */
async function readRecords(place: Place, relationship: string): Promise<PointRecord[]> {
  if (place.isReplaced) return [];
  const records = await readRecordsIn(place, folderOf(place, relationship, 'points'), RecordSchema);
  return records.toSorted((one, other) => one.point.sequence - other.point.sequence);
}

/** The records whose content is there, oldest first. */
export async function readWholeRecords(place: Place, relationship: string): Promise<PointRecord[]> {
  const records = await readRecords(place, relationship);
  const images = new Set(await place.host.files.list(folderOf(place, relationship, 'images')));
  return records.filter(({ image }) => image === undefined || images.has(image));
}

/** Makes a point exist. */
export async function writePoint(place: Place, relationship: string, record: PointRecord): Promise<void> {
  await ensureFolder(place, relationship, 'points');
  await writeRecord(place, recordPath(place, relationship, record.point.id), record);
}

/** What stood for the live replica, which moves on. */
export async function removeDirectPoints(place: Place, relationship: string, exceptId = ''): Promise<void> {
  for (const { point } of await readRecords(place, relationship)) {
    if (point.method === 'Direct' && point.id !== exceptId)
      await place.host.files.remove(recordPath(place, relationship, point.id));
  }
}

/** `points` of the volume contract. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  const place = await findPlace(host, volume);
  return (await readWholeRecords(place, relationship)).map(({ point }) => point);
}

/** @throws TidemarkError `PointMissing` where there is no such point. */
export async function findRecord(place: Place, relationship: string, pointId: string): Promise<PointRecord> {
  return pickPoint(place, await readWholeRecords(place, relationship), relationship, pointId);
}

/** `reach` of the volume contract, for a recovery point. */
export async function pointPath(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
): Promise<string> {
  const place = await findReadyPlace(host, volume);
  const { image } = await findRecord(place, relationship, pointId);
  return image === undefined ? volume.path : imagePath(place, relationship, image);
}

/** `markVerified` of the volume contract. */
export const markVerified: VolumeDriver['markVerified'] = async (host, volume, relationship, pointId, at) => {
  const place = await findReadyPlace(host, volume);
  const record = await findRecord(place, relationship, pointId);
  await writePoint(place, relationship, { ...record, point: withVerified(record.point, at) });
};

/** `prune` of the volume contract. */
export async function prune(
  host: Host,
  volume: Volume,
  request: { relationship: string; removePointIds: readonly string[]; signal?: AbortSignal },
): Promise<void> {
  const { relationship, removePointIds, signal } = request;
  const place = await findPlace(host, volume);
  await host.endAttempts(makeAttempt(place, 'publish', relationship));
  await withLock(lockKey(place, `points:${relationship}`), async () => {
    const whole = new Set((await readWholeRecords(place, relationship)).map(({ point }) => point.id));
    // First the points, so that none is ever without its image.
    for (const { point } of await readRecords(place, relationship)) {
      if (removePointIds.includes(point.id) || !whole.has(point.id))
        await host.files.remove(recordPath(place, relationship, point.id));
    }
    const inUse = new Set((await readRecords(place, relationship)).map(({ image }) => image));
    const images = folderOf(place, relationship, 'images');
    for (const name of await host.files.list(images)) {
      signal?.throwIfAborted();
      if (!inUse.has(name)) await host.files.remove(join(images, name));
    }
  });
}
