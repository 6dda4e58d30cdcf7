/** The small files that Tidemark keeps about a store of images. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Point } from '../../model/records';
import { readRecord, readRecordsIn, SUFFIX } from '../shared/records';
import { checkName, type Subject, writeRecord } from '../shared/tools';
import { PointSchema } from '../shared/points';
import { ImageSetSchema } from './image-set';
import { folderOf, type OwnFolder, type Place } from './place';

/** A recovery point: what its names stand for. */
const PointRecordSchema = z.object({ point: PointSchema, set: ImageSetSchema });

const SelectionSchema = z.object({ names: z.array(z.string()), used: z.boolean() });

/** A frozen state of the source. */
const CaptureRecordSchema = z.object({
  syncId: z.string(),
  /** The volume's path. */
  store: z.string(),
  set: ImageSetSchema,
  selection: SelectionSchema,
  /** What was asked for and is not in it, each with the reason. */
  notCarried: z.array(z.string()),
});

/** What a transfer brought, whole; see `src/volumes/image/send/landing-script.ts`. */
const LandedSchema = z.object({ syncId: z.string(), set: ImageSetSchema });

/** What the names of the live replica were last set to. */
const LiveSchema = z.object({
  set: ImageSetSchema,
  /** They are being set to this, or were when the agent was lost. */
  moving: ImageSetSchema.exactOptional(),
  /** Images that were here, without any name, before they were kept: never removed. */
  found: z.array(z.string()).default([]),
});

export type PointRecord = z.output<typeof PointRecordSchema> & { point: Point };
export type CaptureRecord = z.output<typeof CaptureRecordSchema>;
export type Landed = z.output<typeof LandedSchema>;
export type Live = z.output<typeof LiveSchema>;

const HINT = 'move it away';

const readJson = <T>(place: Subject, path: string, schema: z.ZodType<T>) =>
  readRecord(place, path, schema, HINT);

export function recordPath(place: Place, relationship: string, folder: OwnFolder, id: string): string {
  return join(folderOf(place, relationship, folder), `${checkName(place, id)}${SUFFIX}`);
}

const readAll = <T>(place: Place, relationship: string, folder: OwnFolder, schema: z.ZodType<T>) =>
  readRecordsIn(place, folderOf(place, relationship, folder), schema, HINT);

/** All points, oldest first. */
export async function readPoints(place: Place, relationship: string): Promise<PointRecord[]> {
  const records = await readAll(place, relationship, 'points', PointRecordSchema);
  return records.sort(
    ({ point: one }, { point: other }) => one.sequence - other.sequence || (one.id < other.id ? -1 : 1),
  );
}

export const readCaptures = (place: Place, relationship: string) =>
  readAll(place, relationship, 'captures', CaptureRecordSchema);

export const readCapture = (place: Subject, path: string) => readJson(place, path, CaptureRecordSchema);

const livePath = (place: Place, relationship: string) => join(folderOf(place, relationship), 'live.json');

export const readLive = (place: Place, relationship: string) =>
  readJson(place, livePath(place, relationship), LiveSchema);

export const writeLive = (place: Place, relationship: string, live: Live) =>
  writeRecord(place, livePath(place, relationship), live);

/** Where a landing writes what it brought, once all of it is there. */
export const landedPath = (place: Place, relationship: string) =>
  join(folderOf(place, relationship, 'landing'), 'landed.json');

export const readLanded = (place: Place, relationship: string) =>
  readJson(place, landedPath(place, relationship), LandedSchema);

/** What the target was told when the landing was opened: how many names a sync may take away. */
const LimitSchema = z.object({ syncId: z.string(), maxDeletions: z.number().exactOptional() });

export const limitPath = (place: Place, relationship: string) =>
  join(folderOf(place, relationship, 'landing'), 'limit.json');

/** Undefined: no limit. */
export async function readLimit(
  place: Place,
  relationship: string,
  syncId: string,
): Promise<number | undefined> {
  const limit = await readJson(place, limitPath(place, relationship), LimitSchema);
  return limit?.syncId === syncId ? limit.maxDeletions : undefined;
}

/** Of a store that is, or was, a source: what it was last captured by, and what its names stood for then. */
const CapturedSchema = z.object({ selection: SelectionSchema, names: z.record(z.string(), z.string()) });

export const capturedPath = (place: Place, relationship: string) =>
  join(folderOf(place, relationship), 'captured.json');

export const readCaptured = (place: Place, relationship: string) =>
  readJson(place, capturedPath(place, relationship), CapturedSchema);
