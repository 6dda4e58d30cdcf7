/** What must not be pruned just now: one small file for each clone that is being made of a point. */
import { join } from 'node:path';
import { z } from 'zod';
import { ensureFolder, folderOf, type ReadyPlace } from './place';
import { readRecordsIn, SUFFIX } from '../shared/records';
import { writeRecord } from '../shared/tools';

const HoldSchema = z.object({ pointId: z.string(), tree: z.string() });

export type Hold = z.output<typeof HoldSchema>;

/** Under the lock of the points: whoever prunes sees it, or had pruned before. */
export async function hold(
  place: ReadyPlace,
  relationship: string,
  cloneId: string,
  held: Hold,
): Promise<void> {
  const folder = await ensureFolder(place, relationship, 'holds');
  await writeRecord(place, join(folder, `${cloneId}${SUFFIX}`), held);
}

/** Idempotent. */
export async function letGo(place: ReadyPlace, relationship: string, cloneId: string): Promise<void> {
  await place.host.files.remove(join(folderOf(place, relationship, 'holds'), `${cloneId}${SUFFIX}`));
}

/** The clones for which something is held, also for an attempt that was lost. */
export async function listHolders(place: ReadyPlace, relationship: string): Promise<string[]> {
  const names = await place.host.files.list(folderOf(place, relationship, 'holds'));
  return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
}

export async function readHolds(place: ReadyPlace, relationship: string): Promise<Hold[]> {
  return await readRecordsIn(place, folderOf(place, relationship, 'holds'), HoldSchema, 'remove it');
}
