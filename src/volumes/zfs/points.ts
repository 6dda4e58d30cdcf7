/** The recovery points of a relationship: snapshots with a stamp, in the replica and in what it replaced. */
import { PointSchema, pickPoint, withVerified } from '../shared/points';
import { z } from 'zod';
import type { Host } from '../../hosts/contract';

import { LEFT_OUT_EXAMPLES, mergeLeftOut, withoutExamples } from '../../model/left-out';
import type { Point, Volume } from '../../model/records';
import { type Entry } from './listing';
import { POINT } from './names';
import { type Part, partsOf } from './parts';
import { allEntries, findPlace, type Place } from './place';
import { makeError, runZfs, type Subject } from './tools';
import type { VolumeDriver } from '../contract';

/** The snapshot itself tells the rest. */
const StampSchema = PointSchema.omit({ method: true, identity: true }).extend({
  relationship: z.string(),
  /** Children that were frozen with it. */
  children: z.int().exactOptional(),
  /** Their paths, where they fit into a property. */
  childNames: z.array(z.string()).exactOptional(),
});

/** A property holds 1,024 bytes where ZFS is old, and a stamp more than names. */
const NAMES_BYTES = 300;

export type Stamp = z.output<typeof StampSchema>;

/** A point, and the snapshot that it is. */
export interface StampedSnapshot {
  stamp: Stamp;
  point: Point;
  snapshot: Entry;
}

function toPoint(place: Place, stamp: Stamp, snapshot: Entry): Point {
  const { relationship: _ours, children = 0, childNames = [], leftOut: stamped, ...others } = stamp;
  const there = new Set(partsOf(place, snapshot).map(({ part }) => part.slice(1)));
  const count = children - (there.size - 1);
  const examples = childNames.filter((name) => !there.has(name)).slice(0, LEFT_OUT_EXAMPLES);
  const leftOut = mergeLeftOut(stamped, count > 0 ? [{ reason: 'subvolume', count, examples }] : []);
  const identity = snapshot.properties['guid'] ?? '';
  return { ...others, method: 'Snapshot', identity, ...(leftOut.length > 0 && { leftOut }) };
}

/** What a stamp says of the children that are frozen with it: so that one that is lost is missed. */
export function childrenFor(parts: readonly Part[]): Pick<Stamp, 'children' | 'childNames'> {
  const names = parts.filter(({ part }) => part !== '').map(({ part }) => part.slice(1));
  if (names.length === 0) return {};
  const fits = JSON.stringify(names).length <= NAMES_BYTES;
  return { children: names.length, ...(fits && { childNames: names }) };
}

function parseStamp(subject: Subject, { name, properties }: Entry): Stamp {
  try {
    return StampSchema.parse(JSON.parse(properties[POINT] ?? ''));
  } catch (error) {
    const hint = `see it with: zfs get ${POINT} ${name}; remove it with: zfs inherit ${POINT} ${name}`;
    throw makeError(
      subject,
      'ToolFailed',
      `the property ${POINT} of ${name} can't be parsed`,
      { hint },
      error,
    );
  }
}

/** Oldest first. */
export function findStamped(place: Place, relationship: string): StampedSnapshot[] {
  return allEntries(place)
    .filter(({ kind, local }) => kind === 'snapshot' && local.has(POINT))
    .map((snapshot) => ({ stamp: parseStamp(place, snapshot), snapshot }))
    .filter(({ stamp }) => stamp.relationship === relationship)
    .map(({ stamp, snapshot }) => ({ stamp, snapshot, point: toPoint(place, stamp, snapshot) }))
    .sort(
      ({ stamp: one }, { stamp: other }) => one.sequence - other.sequence || (one.id < other.id ? -1 : 1),
    );
}

/** A snapshot that was made by comparing files: its guid is nobody else's. */
export function isDelta(subject: Subject, snapshot: Entry): boolean {
  return snapshot.local.has(POINT) && parseStamp(subject, snapshot).delta === true;
}

/** A property of ZFS holds 8,191 bytes. */
const STAMP_BYTES = 8000;

function encodeStamp(stamp: Stamp): string {
  const whole = JSON.stringify(stamp);
  if (Buffer.byteLength(whole) <= STAMP_BYTES || !stamp.leftOut) return whole;
  return JSON.stringify({ ...stamp, leftOut: withoutExamples(stamp.leftOut) });
}

/** Makes a snapshot a point: there whole, or not at all. */
export async function writeStamp(subject: Subject, snapshot: string, stamp: Stamp): Promise<void> {
  await runZfs(subject, ['set', `${POINT}=${encodeStamp(stamp)}`, snapshot]);
}

/** `points` of the volume contract. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  return findStamped(await findPlace(host, volume), relationship).map(({ point }) => point);
}

/** @throws TidemarkError `PointMissing` where there is no such point. */
export function findPoint(place: Place, relationship: string, pointId: string): StampedSnapshot {
  return pickPoint(place, findStamped(place, relationship), relationship, pointId);
}

/** `markVerified` of the volume contract. */
export const markVerified: VolumeDriver['markVerified'] = async (host, volume, relationship, pointId, at) => {
  const place = await findPlace(host, volume);
  const { stamp, snapshot } = findPoint(place, relationship, pointId);
  await writeStamp(place, snapshot.name, withVerified(stamp, at));
};
