/** Recovery points of a repository: snapshots that bear a stamp. */
import { z } from 'zod';
import type { Instant, Point, Volume } from '../../model/records';
import { durationToMs } from '../../model/units';
import type { Host } from '../../hosts/contract';
import type { PublishRequest } from '../contract';
import { publishOnce } from '../shared/publish-once';
import { makeError, writeRecord } from '../shared/tools';
import { shortHash } from './names';
import { type Repository, repositoryAt, runResticChecked } from './restic';
import { changeRepository, findKept, forget, listSnapshots, pointsAmong } from './snapshots';
import { encodeStamp, pointOf, readStamp, readTag, type Snapshot, type Stamp, TAGS } from './stamp';

/** Gives a snapshot its stamp, in place of the one that it has. The snapshot itself is made anew by that, under another id. */
async function stampWith(repository: Repository, snapshot: Snapshot, stamp: Stamp): Promise<void> {
  const former = readTag(snapshot, TAGS.stamp);
  const remove = former === undefined ? [] : [`--remove=${TAGS.stamp}=${former}`];
  await changeRepository(repository, ['tag', ...remove, `--add=${encodeStamp(stamp)}`, snapshot.id]);
}

/** `publish` of the volume contract: the snapshot that the transfer made becomes a recovery point. */
export async function publish(
  host: Host,
  volume: Volume,
  { relationship, stamp }: PublishRequest,
): Promise<Point> {
  const repository = repositoryAt(host, volume);
  const look = async () => {
    const snapshots = await listSnapshots(repository, relationship);
    return { snapshots, points: pointsAmong(snapshots).map(({ point }) => point) };
  };
  return await publishOnce(
    `repository:${volume.path}:${relationship}`,
    stamp.id,
    look,
    async ({ snapshots }) => {
      const isMeant = (each: Snapshot) => readTag(each, TAGS.sync) === stamp.syncId && !readStamp(each);
      // Of several attempts, the last is the one that came through.
      const snapshot = snapshots.findLast(isMeant);
      if (!snapshot) {
        throw makeError(
          repository,
          'BaseLost',
          `the snapshot of ${stamp.syncId} is not in the repository any more`,
          {
            hint: 'somebody forgot it meanwhile; the next sync makes another',
          },
        );
      }
      await stampWith(repository, snapshot, stamp);
      return pointOf(snapshot, stamp);
    },
  );
}

/** `markVerified` of the volume contract. */
export async function markVerified(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
  at: Instant | null,
): Promise<void> {
  const repository = repositoryAt(host, volume);
  const { snapshot, stamp } = await findKept(repository, relationship, pointId);
  const { verifiedAt: _former, ...rest } = stamp;
  await stampWith(repository, snapshot, at === null ? rest : { ...rest, verifiedAt: at });
}

/** `prune` of the volume contract: forgets at once, and removes what nobody needs any more from time to time. */
export async function prune(
  host: Host,
  volume: Volume,
  { relationship, removePointIds }: { relationship: string; removePointIds: readonly string[] },
): Promise<void> {
  const repository = repositoryAt(host, volume);
  const snapshots = await listSnapshots(repository, relationship);
  // What has no stamp was left by syncs that were cut off: this relationship runs one at a time.
  const isDue = (snapshot: Snapshot) => {
    const stamp = readStamp(snapshot);
    return !stamp || removePointIds.includes(stamp.id);
  };
  await forget(
    repository,
    snapshots.filter(isDue).map(({ id }) => id),
  );
  await pruneData(repository);
}

const PrunedSchema = z.object({ prunedAt: z.string() });
const DEFAULT_PRUNE_EVERY = '7d';

/** Removes the data of forgotten snapshots, where that is due: it reads the whole index, and may rewrite much. */
async function pruneData(repository: Repository): Promise<void> {
  const { host, volume } = repository;
  const note = `${host.home}/repositories/${shortHash(volume.path)}.json`;
  const text = await host.files.read(note);
  const now = new Date();
  const last = text === undefined ? undefined : PrunedSchema.parse(JSON.parse(text)).prunedAt;
  const everyMs = durationToMs(volume.options?.pruneEvery ?? DEFAULT_PRUNE_EVERY);
  // Nothing is there yet that would be worth it, when it is looked at for the first time.
  const isDue = last === undefined ? everyMs === 0 : now.getTime() - Date.parse(last) >= everyMs;
  if (isDue) await runResticChecked(repository, ['prune']);
  if (isDue || last === undefined) await writeRecord(repository, note, { prunedAt: now.toISOString() });
}
