/** Removes recovery points, and what was never finished. */
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { findPlace, folderOf, makeAttempt, PARTIAL, type ReadyPlace } from './place';
import { readHolds } from './holds';
import { withLock } from '../shared/lock';
import { removeTree } from './remove-tree';
import { readRecords, readWholeRecords, removeRecord } from './points';

/** `prune` of the volume contract. */
export async function prune(
  host: Host,
  volume: Volume,
  request: { relationship: string; removePointIds: readonly string[]; signal?: AbortSignal },
): Promise<void> {
  const { relationship, removePointIds, signal } = request;
  const place = await findPlace(host, volume);
  if (place.meta === undefined) return;
  const ready = { ...place, meta: place.meta };
  await host.endAttempts(makeAttempt(place, 'publish', relationship));
  await withLock(`points:${place.root}:${relationship}`, async () => {
    const whole = await readWholeRecords(ready, relationship);
    const known = new Set(whole.map(({ point }) => point.id));
    const holds = await readHolds(ready, relationship);
    const held = new Set(holds.map(({ pointId }) => pointId));
    // First the points, so that none is ever without its tree.
    for (const { point } of await readRecords(ready, relationship)) {
      const isAsked = removePointIds.includes(point.id) && !held.has(point.id);
      if (isAsked || !known.has(point.id)) await removeRecord(ready, relationship, point.id);
    }
    await sweepRecords(ready, relationship);
    const left = await readRecords(ready, relationship);
    const inUse = new Set([...left, ...holds].map(({ tree }) => tree));
    const trees = folderOf(ready, relationship, 'trees');
    const failures: unknown[] = [];
    for (const name of await host.files.list(trees)) {
      signal?.throwIfAborted();
      // One that can't be removed (an immutable file in it) keeps no other from going; the next prune tries it again.
      if (!inUse.has(name))
        await removeTree(ready, join(trees, name)).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  });
}

/** Removes half-made trees. */
export async function sweepPartials(place: ReadyPlace, relationship: string): Promise<void> {
  const trees = folderOf(place, relationship, 'trees');
  for (const name of await place.host.files.list(trees)) {
    if (name.endsWith(PARTIAL)) await removeTree(place, join(trees, name));
  }
}

/** Removes what a killed agent was writing: files that were never renamed to a point's. */
async function sweepRecords(place: ReadyPlace, relationship: string): Promise<void> {
  const folder = folderOf(place, relationship, 'points');
  for (const name of await place.host.files.list(folder)) {
    if (!name.endsWith('.json')) await place.host.files.remove(join(folder, name));
  }
}
