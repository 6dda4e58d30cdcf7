/** Removes recovery points, and what nobody needs any more. Snapshots of others are never touched. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { destroySnapshot } from './capture';
import { removeReads } from './clones';
import { dropHold } from './holds';
import { type Entry, numberOf } from './listing';
import { holdTag, POINT } from './names';
import { findAsides, isUnfinished, partsOf } from './parts';
import { findPlace, ownSnapshots, type Place } from './place';
import { findStamped } from './points';
import { withPoints } from './publish';
import { isMissing, runZfs } from './tools';

/** `prune` of the volume contract. The newest point stays whatever is asked: the next stream begins with it. */
export async function prune(
  host: Host,
  volume: Volume,
  {
    relationship,
    removePointIds,
    signal,
  }: { relationship: string; removePointIds: readonly string[]; signal?: AbortSignal },
): Promise<void> {
  await withPoints(volume, async () => {
    const place = await findPlace(host, volume);
    const stamped = findStamped(place, relationship);
    const newest = stamped.findLast(({ stamp }) => !stamp.diverged);
    const removed = stamped.filter(
      ({ point }) => removePointIds.includes(point.id) && point.id !== newest?.point.id,
    );
    await removeReads(
      place,
      removed.map(({ point }) => point.id),
    );
    for (const { snapshot } of removed) {
      signal?.throwIfAborted();
      await destroyPoint(place, snapshot, relationship);
    }
    await sweepUnfinished(place, newest?.snapshot, relationship);
    if (findAsides(place).length > 0) await sweepAsides(host, volume, relationship);
  });
}

/** The point goes first, so that none is ever half there. */
async function destroyPoint(place: Place, snapshot: Entry, relationship: string): Promise<void> {
  const [top, ...children] = partsOf(place, snapshot).map((part) => part.snapshot);
  if (!top) return;
  await dropHold(place, [top, ...children], holdTag(relationship));
  if (!(await destroySnapshot(place, top.name))) {
    // What a clone of a drill, another relationship, or the dataset that was replaced still needs goes with a later
    // prune: it is no point any more.
    if (top.local.has(POINT)) await runZfs(place, ['inherit', POINT, top.name], { allow: isMissing });
    return;
  }
  for (const { name } of children) await destroySnapshot(place, name);
}

/** What was received and is no point, from before the newest one: whichever relationship had made it at the source. */
async function sweepUnfinished(place: Place, newest: Entry | undefined, relationship: string): Promise<void> {
  if (!newest) return;
  for (const snapshot of ownSnapshots(place)) {
    const isOlder = numberOf(snapshot, 'createtxg') < numberOf(newest, 'createtxg');
    if (isOlder && isUnfinished(place, snapshot)) await destroyPoint(place, snapshot, relationship);
  }
}

/** Replaced datasets in which nothing is left that is a point, or anybody else's. */
async function sweepAsides(host: Host, volume: Volume, relationship: string): Promise<void> {
  const place = await findPlace(host, volume);
  for (const { name } of findAsides(place)) {
    const inside = place.beside.filter(
      ({ kind, dataset }) => kind === 'snapshot' && (dataset === name || dataset.startsWith(`${name}/`)),
    );
    const isNeeded = inside.some((snapshot) => !isUnfinished(place, snapshot));
    if (isNeeded) continue;
    await dropHold(place, inside, holdTag(relationship));
    const allow = (stderr: string) => /is busy|dependent clones|does not exist/.test(stderr);
    await runZfs(place, ['destroy', '-r', name], { allow, patient: false });
  }
}
