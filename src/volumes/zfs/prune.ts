/** Removes recovery points, and what nobody needs any more. Snapshots of others are never touched. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { destroySnapshot } from './capture';
import { removeReads } from './clones';
import { dropHold } from './holds';
import { datasetsOf, type Entry, numberOf } from './listing';
import { containerOf, holdTag, POINT, snapshotPrefix } from './names';
import { allEntries, findPlace, ownSnapshots, type Place, withChildren } from './place';
import { findStamped } from './points';
import { withPoints } from './publish';
import { runZfs } from './tools';

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
  const [top, ...children] = withChildren(allEntries(place), snapshot);
  if (!top) return;
  await dropHold(place, [top, ...children], holdTag(relationship));
  // What a clone of a drill, or the dataset that was replaced, still needs goes with a later prune.
  if (!(await destroySnapshot(place, top.name))) return;
  for (const { name } of children) await destroySnapshot(place, name);
}

/** What was received and never became a point, from before the newest one. */
async function sweepUnfinished(place: Place, newest: Entry | undefined, relationship: string): Promise<void> {
  if (!newest) return;
  const prefix = snapshotPrefix(relationship);
  for (const snapshot of ownSnapshots(place)) {
    const isOlder = numberOf(snapshot, 'createtxg') < numberOf(newest, 'createtxg');
    if (isOlder && snapshot.own.startsWith(prefix) && !snapshot.local.has(POINT))
      await destroyPoint(place, snapshot, relationship);
  }
}

function findAsides({ beside, volume }: Place): Entry[] {
  const container = containerOf(volume);
  return datasetsOf(beside).filter(({ name }) => /^\/aside-\d+$/.test(name.slice(container?.length ?? 0)));
}

/** Replaced datasets in which nothing is left that is a point, or anybody else's. */
async function sweepAsides(host: Host, volume: Volume, relationship: string): Promise<void> {
  const place = await findPlace(host, volume);
  const prefix = snapshotPrefix(relationship);
  for (const { name } of findAsides(place)) {
    const inside = place.beside.filter(
      ({ kind, dataset }) => kind === 'snapshot' && (dataset === name || dataset.startsWith(`${name}/`)),
    );
    const isNeeded = inside.some(({ own, local }) => local.has(POINT) || !own.startsWith(prefix));
    if (isNeeded) continue;
    await dropHold(place, inside, holdTag(relationship));
    const allow = (stderr: string) => /is busy|dependent clones|does not exist/.test(stderr);
    await runZfs(place, ['destroy', '-r', name], { allow, patient: false });
  }
}
