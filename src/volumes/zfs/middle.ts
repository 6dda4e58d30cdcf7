/**
 * The middle of a chain: a source that is another relationship's target. A stream goes on from its newest snapshot alone, so
 * nothing may be frozen there after the point that the next one starts from: that point is what is sent on.
 */
import { readClaims } from './claims';
import { dropHold, hold } from './holds';
import type { Entry } from './listing';
import { CAPTURES, holdTag, POINT } from './names';
import { isUnfinished, partsOf, sourceParts } from './parts';
import { allEntries, differsFromNewest, ownSnapshots, type Place } from './place';
import { runZfs, type Subject } from './tools';

/** The syncs, of whatever relationship, that took a snapshot of another one for their state. */
export function syncsOf({ local, properties }: Entry): string[] {
  return local.has(CAPTURES) ? (properties[CAPTURES] ?? '').split(',') : [];
}

/** No name of a relationship ends like the number of a sync. */
const isOf = (relationship: string) => (syncId: string) =>
  syncId.startsWith(`${relationship}-`) && !syncId.slice(relationship.length + 1).includes('-');

/** The newest of these syncs that is one of the relationship's. */
export function newestSyncOf(snapshot: Entry, relationship: string): string | undefined {
  return syncsOf(snapshot).findLast(isOf(relationship));
}

async function writeSyncs(subject: Subject, { name }: Entry, syncIds: readonly string[]): Promise<void> {
  if (syncIds.length === 0) await runZfs(subject, ['inherit', CAPTURES, name]);
  else await runZfs(subject, ['set', `${CAPTURES}=${syncIds.join(',')}`, name]);
}

/**
 * The other relationship's newest point, where it is all that the replica holds. What a stream is bringing, or was cut
 * off in, comes after it, and is not whole.
 */
export function findWholePoint(place: Place, relationship: string, isRecursive: boolean): Entry | undefined {
  const { claims } = readClaims(place);
  const isMiddle = Object.entries(claims).some(
    ([name, { role }]) => name !== relationship && role === 'target',
  );
  if (!isMiddle || differsFromNewest(place, place.volume.path)) return undefined;
  const point = ownSnapshots(place).findLast((snapshot) => !isUnfinished(place, snapshot));
  if (!point?.local.has(POINT)) return undefined;
  const frozen = new Set(partsOf(place, point).map(({ snapshot }) => snapshot.dataset));
  return !isRecursive || sourceParts(place).every((dataset) => frozen.has(dataset)) ? point : undefined;
}

/** Keeps a point for a sync that sends it on. Idempotent. */
export async function takePoint(
  place: Place,
  point: Entry,
  { relationship, syncId }: { relationship: string; syncId: string },
): Promise<void> {
  await writeSyncs(place, point, [...new Set([...syncsOf(point), syncId])]);
  await hold(place, heldWith(place, point), holdTag(relationship));
}

const heldWith = (place: Place, point: Entry) => partsOf(place, point).map(({ snapshot }) => snapshot);

/** Lets go of the points that none of the relationship's kept syncs has sent on. */
export async function leavePoints(
  place: Place,
  relationship: string,
  keepSyncIds: readonly string[],
): Promise<void> {
  for (const point of allEntries(place).filter((entry) => newestSyncOf(entry, relationship) !== undefined)) {
    const isLeft = (syncId: string) => isOf(relationship)(syncId) && !keepSyncIds.includes(syncId);
    const kept = syncsOf(point).filter((syncId) => !isLeft(syncId));
    if (kept.length === syncsOf(point).length) continue;
    if (!kept.some(isOf(relationship))) await dropHold(place, heldWith(place, point), holdTag(relationship));
    await writeSyncs(place, point, kept);
  }
}
