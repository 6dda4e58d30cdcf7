/** Recovery points of a repository: snapshots that bear a stamp. */
import { join } from 'node:path';
import type { Instant, Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { PublishRequest, VolumeDriver } from '../contract';
import { publishOnce } from '../shared/publish-once';
import { shortHash } from '../shared/short-hash';
import { makeError } from '../shared/tools';
import { goOn, takeFailure } from './looks';
import { type Repository, repositoryAt, runResticChecked } from './restic';
import { findKept, forget, listSnapshots, pointsAmong, retag } from './snapshots';
import { encodeStamp, makeTag, pointOf, readStamp, readTag, type Snapshot, type Stamp, TAGS } from './stamp';
import { isPruneDue, pruneData } from './upkeep';

/** Gives a snapshot its stamp, in place of the one that it has. */
async function stampWith(repository: Repository, snapshot: Snapshot, stamp: Stamp): Promise<void> {
  const former = readTag(snapshot, TAGS.stamp);
  const remove = former === undefined ? undefined : makeTag(TAGS.stamp, former);
  await retag(repository, snapshot, { add: encodeStamp(stamp), remove });
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

/**
 * That the store itself has what the snapshot's folders and names are made of. This host reads them from its cache, where they
 * are whole though the store's may not be (tried): others have no such cache. @throws TidemarkError `VerificationFailed`
 */
async function proveTrees(repository: Repository, { id }: Snapshot): Promise<void> {
  const { files, scratch } = repository.runner;
  const cache = join(scratch, `restic-proof-${shortHash(repository.volume.path)}`);
  try {
    await runResticChecked(repository, [`--cache-dir=${cache}`, 'stats', '--mode=restore-size', id]);
  } finally {
    await files.remove(cache);
  }
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
  if (at !== null) await proveTrees(repository, snapshot);
  const { verifiedAt: _former, ...rest } = stamp;
  await stampWith(repository, snapshot, at === null ? rest : { ...rest, verifiedAt: at });
}

/** `prune` of the volume contract: forgets at once, and removes what nobody needs any more from time to time. */
export async function prune(
  host: Host,
  volume: Volume,
  { relationship, removePointIds, later = false }: Parameters<VolumeDriver['prune']>[2],
): Promise<void> {
  const repository = repositoryAt(host, volume);
  const snapshots = await listSnapshots(repository, relationship);
  const isToBeTold = takeFailure(repository);
  const kept = pointsAmong(snapshots).filter(({ point }) => !removePointIds.includes(point.id));
  const keptIds = new Set(kept.map(({ snapshot }) => snapshot.id));
  // What is no point was left by what was cut off: this relationship runs one sync at a time.
  const due = snapshots.map(({ id }) => id).filter((id) => !keptIds.has(id));
  const isDue = await isPruneDue(repository);
  const forgetting = forget(repository, due);
  if (later && !isDue && !isToBeTold) return goOn(repository, forgetting);
  await forgetting;
  if (isDue) await pruneData(repository);
}
