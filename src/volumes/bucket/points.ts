/** Recovery points of a bucket: states that were published. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Instant, Point, Volume } from '../../model/records';
import { durationToMs } from '../../model/units';
import type { Host } from '../../hosts/contract';
import type { PublishRequest } from '../contract';
import { publishOnce } from '../shared/publish-once';
import { readRecord } from '../shared/records';
import { makeError, writeRecord } from '../shared/tools';
import { listAll, type Listing } from './listing';
import { manifestKey } from './layout';
import {
  folderOf,
  newestEpoch,
  type Notes,
  pointsOf,
  readNotes,
  removeKeys,
  toPoint,
  writePoint,
  writeVerified,
} from './notes';
import { planPrune } from './plan-prune';
import { type Bucket, bucketAt } from './rclone';
import { recallSent } from './sent';
import { dropCopies, proveManifest, readManifest, statesIn } from './states';

type PointWithKeys = Notes['points'][number];

const read = async (bucket: Bucket, relationship: string): Promise<readonly PointWithKeys[]> =>
  pointsOf(await readNotes(bucket), relationship);

/** `publish` of the volume contract: the state that the transfer wrote becomes a recovery point. */
export const publish = (host: Host, volume: Volume, request: PublishRequest): Promise<Point> =>
  publishIn(bucketAt(host, volume), request, pointsOf, toPoint);

/**
 * The same, where the notes lie.
 * @param shown those of the points that there still are
 * @param asPoint what a point is told as
 */
export async function publishIn(
  bucket: Bucket,
  { relationship, stamp }: PublishRequest,
  shown: (notes: Notes, relationship: string) => readonly PointWithKeys[],
  asPoint: (note: PointWithKeys) => Point,
): Promise<Point> {
  const look = async () => ({ points: shown(await readNotes(bucket), relationship).map(asPoint) });
  return await publishOnce(`bucket:${bucket.volume.path}`, stamp.id, look, async () => {
    const sent = await recallSent(bucket, relationship);
    if (sent?.syncId !== stamp.syncId) {
      throw makeError(bucket, 'BaseLost', `which state ${stamp.syncId} has written is not known any more`, {
        hint: "the agent's state folder was lost meanwhile; the next sync makes another",
      });
    }
    const { state, identity } = sent;
    const { epoch } = await readManifest(bucket, state);
    const note = {
      relationship,
      epoch: Math.max(epoch, newestEpoch(await readNotes(bucket), relationship)),
      state,
      identity,
      stamp,
    };
    await writePoint(bucket, note);
    return asPoint({ ...note, key: '', verifiedKeys: [] });
  });
}

/** @throws TidemarkError `PointMissing` */
export async function findKept(
  bucket: Bucket,
  relationship: string,
  pointId: string,
): Promise<PointWithKeys> {
  const found = (await read(bucket, relationship)).find(({ stamp }) => stamp.id === pointId);
  if (found) return found;
  throw makeError(bucket, 'PointMissing', `there is no recovery point ${pointId}`, {
    hint: `tidemark points ${relationship} lists what there is`,
  });
}

/** `markVerified` of the volume contract. */
export async function markVerified(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
  at: Instant | null,
): Promise<void> {
  const bucket = bucketAt(host, volume);
  const { verifiedKeys, state } = await findKept(bucket, relationship, pointId);
  if (at === null) return await removeKeys(bucket, verifiedKeys);
  await proveManifest(bucket, state);
  await writeVerified(bucket, pointId, at);
}

const DEFAULT_KEEP_REPLACED = '1d';

/** When a state stopped being the newest one: as the first point of a later one was made. Undefined for the newest. */
function replacedAtMs(state: string, points: readonly PointWithKeys[]): number | undefined {
  const later = points
    .filter((point) => point.state > state)
    .map(({ stamp }) => Date.parse(stamp.publishedAt));
  return later.length === 0 ? undefined : Math.min(...later);
}

/** Removes one state: first what it alone needs of what was replaced, then itself; so that it can be done again. */
async function removeState(
  bucket: Bucket,
  going: string,
  staying: readonly string[],
  listing: Listing,
): Promise<void> {
  const beforeId = staying.filter((state) => state < going).at(-1);
  const after = staying.find((state) => state > going);
  const keys = planPrune({
    ...{ going, entries: (await readManifest(bucket, going)).entries, listing },
    ...(beforeId !== undefined && { before: await readManifest(bucket, beforeId) }),
    ...(after !== undefined && { after }),
  });
  await removeKeys(bucket, keys);
  await removeKeys(bucket, [manifestKey(going)]);
  await dropCopies(bucket, [going]);
}

const SweptSchema = z.object({ sweptAt: z.string() });
const sweptPath = (bucket: Bucket) => join(folderOf(bucket), 'swept.json');

const noteSwept = (bucket: Bucket): Promise<void> =>
  writeRecord(bucket, sweptPath(bucket), { sweptAt: new Date().toISOString() });

/** To find what can go, everything is listed: now and then. What waits takes room, and nothing else. */
async function isSweepDue(bucket: Bucket, keepMs: number): Promise<boolean> {
  const swept = await readRecord(bucket, sweptPath(bucket), SweptSchema);
  if (!swept) await noteSwept(bucket);
  const last = swept && Date.parse(swept.sweptAt);
  return keepMs === 0 || (last !== undefined && Date.now() - last >= keepMs / 4);
}

/**
 * `prune` of the volume contract. Points go at once. A state stays as long as a point is of it, and for a while after it was
 * replaced: somebody may still read it.
 */
export async function prune(
  host: Host,
  volume: Volume,
  { relationship, removePointIds }: { relationship: string; removePointIds: readonly string[] },
): Promise<void> {
  const bucket = bucketAt(host, volume);
  const all = await read(bucket, relationship);
  const going = all.filter(({ stamp }) => removePointIds.includes(stamp.id));
  await removeKeys(
    bucket,
    going.flatMap(({ key, verifiedKeys }) => [key, ...verifiedKeys]),
  );
  const keepMs = durationToMs(volume.options?.keepReplaced ?? DEFAULT_KEEP_REPLACED);
  if (!(await isSweepDue(bucket, keepMs))) return;
  const listing = await listAll(bucket);
  const kept = all.filter((point) => !going.includes(point));
  const states = statesIn(listing);
  const isKept = (state: string) => {
    if (state === states.at(-1) || kept.some((point) => point.state === state)) return true;
    const replacedMs = replacedAtMs(state, kept);
    return replacedMs === undefined || Date.now() - replacedMs < keepMs;
  };
  let staying = states;
  for (const state of states.filter((each) => !isKept(each))) {
    staying = staying.filter((each) => each !== state);
    await removeState(bucket, state, staying, listing);
  }
  await noteSwept(bucket);
}
