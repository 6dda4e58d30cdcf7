/** The snapshots of one relationship in a repository. */
import { z } from 'zod';
import type { Point } from '../../model/records';
import { makeError } from '../shared/tools';
import { type Repository, runLight } from './restic';
import {
  makeTag,
  pointOf,
  readStamp,
  readTag,
  type Snapshot,
  SnapshotSchema,
  type Stamp,
  TAGS,
} from './stamp';

const SnapshotsSchema = z.array(SnapshotSchema);

/** restic's exit code where there is no repository. */
const MISSING = 10;
/**
 * Each look opens the repository, which takes a third of a second and more (its key is made slow to find). The steps of one
 * sync ask the same, one right after the other.
 */
const FRESH_MS = 5_000;

const looks = new Map<string, { at: number; found: Promise<Snapshot[] | undefined> }>();

/** Whoever has other credentials looks for themselves. */
const keyOf = ({ volume }: Pick<Repository, 'volume'>) =>
  JSON.stringify([volume.path, volume.options?.credentials]);

/** What was seen may have changed: this agent has written. */
export function forgetLooks(repository: Pick<Repository, 'volume'>): void {
  looks.delete(keyOf(repository));
}

async function look(repository: Repository): Promise<Snapshot[] | undefined> {
  const args = ['--json', 'snapshots', `--tag=${TAGS.ours}`];
  const { exitCode, stdout } = await runLight(repository, args, [MISSING]);
  if (exitCode === MISSING) return undefined;
  const found = SnapshotsSchema.parse(JSON.parse(stdout.toString()));
  return found.toSorted((one, other) => one.time.localeCompare(other.time));
}

/** All of Tidemark's, oldest first; undefined where there is no repository. As they were some seconds ago at the most. */
export async function lookInto(repository: Repository): Promise<Snapshot[] | undefined> {
  const key = keyOf(repository);
  const before = looks.get(key);
  if (before && performance.now() - before.at < FRESH_MS) return await before.found;
  const now = { at: performance.now(), found: look(repository) };
  looks.set(key, now);
  let found: Snapshot[] | undefined;
  try {
    return (found = await now.found);
  } finally {
    // One that was away may be back at any moment.
    if (found === undefined && looks.get(key) === now) looks.delete(key);
  }
}

/** Those of one relationship, oldest first; none where there is no repository. */
export async function listSnapshots(repository: Repository, relationship: string): Promise<Snapshot[]> {
  const tag = makeTag(TAGS.relationship, relationship);
  return (await lookInto(repository))?.filter(({ tags }) => tags.includes(tag)) ?? [];
}

export interface KeptPoint {
  snapshot: Snapshot;
  stamp: Stamp;
  point: Point;
}

/** Those that are recovery points, oldest first by sequence. */
export function pointsAmong(snapshots: readonly Snapshot[]): KeptPoint[] {
  return snapshots
    .flatMap((snapshot) => {
      const stamp = readStamp(snapshot);
      return stamp ? [{ snapshot, stamp, point: pointOf(snapshot, stamp) }] : [];
    })
    .toSorted((one, other) => one.point.sequence - other.point.sequence);
}

/** @throws TidemarkError `PointMissing` */
export async function findKept(
  repository: Repository,
  relationship: string,
  pointId: string,
): Promise<KeptPoint> {
  const kept = pointsAmong(await listSnapshots(repository, relationship));
  const found = kept.find(({ point }) => point.id === pointId);
  if (found) return found;
  throw makeError(repository, 'PointMissing', `there is no recovery point ${pointId}`, {
    hint: `tidemark points ${relationship} lists what there is`,
  });
}

/** The latest epoch that wrote to it; 0 where nobody did. */
export const newestEpoch = (snapshots: readonly Snapshot[]): number =>
  Math.max(0, ...snapshots.map((snapshot) => Number(readTag(snapshot, TAGS.epoch) ?? 0)));

/** Writes something small. However that ends, what was seen before is not taken for what is there. */
export async function changeRepository(repository: Repository, args: readonly string[]): Promise<void> {
  try {
    await runLight(repository, args);
  } finally {
    forgetLooks(repository);
  }
}

/** Forgets snapshots by id; what they alone held stays until the next prune. */
export async function forget(repository: Repository, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await changeRepository(repository, ['forget', ...ids]);
}
