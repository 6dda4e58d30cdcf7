/** The snapshots of one relationship in a repository, and changes of them. */
import { z } from 'zod';
import type { Point } from '../../model/records';
import { makeError } from '../shared/tools';
import { forgetLooks, lookInto, noteChange, noteEmpty } from './looks';
import { type Repository, runLight } from './restic';
import { isOfVolsync, makeTag, pointOf, readStamp, readTag, type Snapshot, type Stamp, TAGS } from './stamp';

/** Those of one relationship, and in the layout of VolSync its own; oldest first; none where there is no repository. */
export async function listSnapshots(repository: Repository, relationship: string): Promise<Snapshot[]> {
  const tag = makeTag(TAGS.relationship, relationship);
  const found = (await lookInto(repository)) ?? [];
  const takesVolsync = repository.volume.options?.layout === 'volsync';
  return found.filter((each) => each.tags.includes(tag) || (takesVolsync && isOfVolsync(each)));
}

export interface KeptPoint {
  snapshot: Snapshot;
  stamp: Stamp;
  point: Point;
}

/** Those that are recovery points, oldest first by sequence. */
export function pointsAmong(snapshots: readonly Snapshot[]): KeptPoint[] {
  const kept = snapshots.flatMap((snapshot) => {
    const stamp = readStamp(snapshot);
    return stamp ? [{ snapshot, stamp, point: pointOf(snapshot, stamp) }] : [];
  });
  // One that is being given another stamp is there twice for a moment; for longer, where that was cut off.
  const once = new Map(kept.map((each) => [each.point.id, each]));
  return [...once.values()].toSorted((one, other) => one.point.sequence - other.point.sequence);
}

/**
 * One recovery point, as it is called now: a snapshot that others gave tags has another id.
 * @throws TidemarkError `PointMissing`
 */
export async function findKept(
  repository: Repository,
  relationship: string,
  pointId: string,
): Promise<KeptPoint> {
  forgetLooks(repository);
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

/** Makes the repository. */
export async function makeRepository(repository: Repository): Promise<void> {
  await change(repository, ['init']);
  noteEmpty(repository);
}

/** Writes something small. Where that did not end well, nobody knows what came of it. */
async function change(repository: Repository, args: readonly string[]): Promise<string> {
  try {
    return (await runLight(repository, args)).stdout.toString();
  } catch (error) {
    forgetLooks(repository);
    throw error;
  }
}

/** Forgets snapshots by id; what they alone held stays until the next prune. */
export async function forget(repository: Repository, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await change(repository, ['forget', ...ids]);
  noteChange(repository, (before) => before.filter(({ id }) => !ids.includes(id)));
}

/** A snapshot that was made just now. */
export function noteSnapshot(repository: Repository, snapshot: Snapshot): void {
  noteChange(repository, (before) => [...before.filter(({ id }) => id !== snapshot.id), snapshot]);
}

const ChangedSchema = z.object({ message_type: z.literal('changed'), new_snapshot_id: z.string() });

/** The id that a snapshot has by its new tags, as `restic tag --json` says it. Since restic 0.18. */
export function readNewId(said: string): string | undefined {
  const lines = said.split('\n').filter((line) => line.startsWith('{'));
  const found = lines.map((line) => ChangedSchema.safeParse(JSON.parse(line)).data);
  return found.find((each) => each !== undefined)?.new_snapshot_id;
}

/**
 * Gives a snapshot another tag, or one in place of another. The snapshot itself is made anew by that, under another id.
 * @throws TidemarkError `BaseLost` where it is not there any more
 */
export async function retag(
  repository: Repository,
  snapshot: Snapshot,
  { add, remove }: { add: string; remove: string | undefined },
): Promise<void> {
  const removing = remove === undefined ? [] : [`--remove=${remove}`];
  const said = await change(repository, ['tag', '--json', ...removing, `--add=${add}`, snapshot.id]);
  const id = readNewId(said);
  if (id === undefined) {
    forgetLooks(repository);
    await requireTag(repository, add);
    return;
  }
  const tags = [...snapshot.tags.filter((tag) => tag !== remove), add];
  const changed = { ...snapshot, id, original: snapshot.original ?? snapshot.id, tags };
  noteChange(repository, (before) =>
    before.some((each) => each.id === id)
      ? before.filter((each) => each.id !== snapshot.id)
      : before.map((each) => (each.id === snapshot.id ? changed : each)),
  );
}

/** restic says nothing of a snapshot that it did not find, or that has the tags already. */
async function requireTag(repository: Repository, tag: string): Promise<void> {
  const found = await lookInto(repository);
  if (found?.some(({ tags }) => tags.includes(tag))) return;
  throw makeError(repository, 'BaseLost', 'the snapshot is not in the repository any more', {
    hint: 'somebody forgot it meanwhile; the next sync makes another',
  });
}
