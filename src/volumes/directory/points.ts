/**
 * The recovery points of a relationship: one small file each, which names the tree that holds its
 * content. A point exists once its file does; several points of one state share a tree.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { PointSchema, pickPoint } from '../shared/points';
import { ensureFolder, findPlace, findReadyPlace, folderOf, type ReadyPlace } from './place';
import { readRecordsIn, SUFFIX } from '../shared/records';
import { checkName, runTool, writeRecord } from '../shared/tools';

const RecordSchema = z.object({
  point: PointSchema,
  /** The folder in `trees`; none where the live replica is all there is. */
  tree: z.string().exactOptional(),
  /** Some regular files of the tree have several names in it. */
  hasHardLinks: z.boolean().default(false),
  /** The live replica was rolled back since this was the newest point: none after it may share its tree. */
  rolledBack: z.literal(true).exactOptional(),
});

export type PointRecord = z.output<typeof RecordSchema>;

function recordPath(place: ReadyPlace, relationship: string, pointId: string): string {
  return join(folderOf(place, relationship, 'points'), `${checkName(place, pointId)}${SUFFIX}`);
}

/** All records, oldest first; also one whose tree is gone. */
export async function readRecords(place: ReadyPlace, relationship: string): Promise<PointRecord[]> {
  const records = await readRecordsIn(place, folderOf(place, relationship, 'points'), RecordSchema);
  return records.sort((one, other) => one.point.sequence - other.point.sequence || compare(one, other));
}

function compare(one: PointRecord, other: PointRecord): number {
  return one.point.id < other.point.id ? -1 : 1;
}

/** The records whose content is there, oldest first. */
export async function readWholeRecords(place: ReadyPlace, relationship: string): Promise<PointRecord[]> {
  const records = await readRecords(place, relationship);
  const trees = new Set(await place.host.files.list(folderOf(place, relationship, 'trees')));
  return records.filter(({ tree }) => tree === undefined || trees.has(tree));
}

/** Makes a point exist. */
export async function writePoint(
  place: ReadyPlace,
  relationship: string,
  record: PointRecord,
): Promise<void> {
  await ensureFolder(place, relationship, 'points');
  await writeRecord(place, recordPath(place, relationship, record.point.id), record);
}

export async function removeRecord(place: ReadyPlace, relationship: string, pointId: string): Promise<void> {
  await place.host.files.remove(recordPath(place, relationship, pointId));
}

export function treePath(place: ReadyPlace, relationship: string, tree: string): string {
  return join(folderOf(place, relationship, 'trees'), checkName(place, tree));
}

/** Puts everything written to the volume's filesystem onto its disk. */
export async function flush(place: ReadyPlace): Promise<void> {
  await runTool(place, ['sync', '-f', '--', place.root]);
}

/** `points` of the volume contract. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  const place = await findPlace(host, volume);
  if (place.meta === undefined) return [];
  const records = await readWholeRecords({ ...place, meta: place.meta }, relationship);
  return records.map(({ point }) => point);
}

/** @throws TidemarkError `PointMissing` where there is no such point. */
export async function findRecord(
  place: ReadyPlace,
  relationship: string,
  pointId: string,
): Promise<PointRecord> {
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
  const { tree } = await findRecord(place, relationship, pointId);
  return tree === undefined ? place.root : treePath(place, relationship, tree);
}
