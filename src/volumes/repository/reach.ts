/** A recovery point as a tree that can be read: restored into the agent's own scratch folder, for as long as somebody reads it. */
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import { formatBytes } from '../../model/units';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import { type Reach, reachHere } from '../../movers/reach';
import type { State } from '../contract';
import { makeError } from '../shared/tools';
import { shortHash } from '../shared/short-hash';
import { findOtherSnapshot, isOther } from './others';
import { type Repository, repositoryAt, runResticChecked } from './restic';
import { restoreRoot } from './root-folder';
import { findKept, type KeptPoint } from './snapshots';
import { treeOf } from './source';
import { readTag, TAGS } from './stamp';

/** Kept free beside what is restored. */
const SPARE_BYTES = 64 * 1024 ** 2;

export type Use = Omit<TransferId, 'syncId'>;

/** Everything that is restored only to be read. */
const restoredFolder = ({ home }: Host) => join(home, 'restored');

export const folderOf = (host: Host, { relationship, target }: Use) =>
  join(restoredFolder(host), encodeURIComponent(relationship), encodeURIComponent(target));

const attemptOf = ({ home }: Host, { relationship, target }: Use) =>
  `restore:${relationship}:${target}:${home}`;

async function restoreInto(
  repository: Repository,
  kept: Pick<KeptPoint, 'snapshot' | 'point'>,
  path: string,
  use: Use,
): Promise<void> {
  const { host, runner } = repository;
  const { bytes } = kept.point;
  await runner.files.mkdir(path, 0o700);
  const { freeBytes } = await runner.files.room(path);
  if (freeBytes < bytes + SPARE_BYTES) {
    throw makeError(
      repository,
      'TargetFull',
      `to be read, recovery point ${kept.point.id} is restored to ${path} first, which takes ${formatBytes(bytes)}, and ${formatBytes(freeBytes)} are free`,
      { hint: `make room there, or start the agent of ${host.name} with its --home on a larger filesystem` },
    );
  }
  await runResticChecked(repository, ['restore', `--target=${path}`, '--sparse', kept.snapshot.id], {
    attempt: attemptOf(host, use),
    endsWithAgent: true,
  });
  const root = readTag(kept.snapshot, TAGS.root);
  if (root !== undefined) await restoreRoot(runner, root, path);
}

/** `reach` of the volume contract. */
export async function reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach> {
  const repository = repositoryAt(host, volume);
  if (state.of === 'live') return reachHere(host, treeOf(host, use.relationship, volume));
  if (state.of === 'capture') return reachHere(host, state.capture.path);
  const kept = isOther(state.pointId)
    ? await findOtherSnapshot(repository, state.pointId)
    : await findKept(repository, state.relationship, state.pointId);
  await leave(host, use);
  const path = join(folderOf(host, use), shortHash(state.pointId));
  const close = () => host.files.remove(folderOf(host, use));
  try {
    await restoreInto(repository, kept, path, use);
  } catch (error) {
    await close();
    throw error;
  }
  return { runner: host, path, close };
}

/** The agent starts: what its former life has restored nobody reads any more. What restored it ended with it. */
export async function sweepRestored(host: Host): Promise<void> {
  await host.files.remove(restoredFolder(host));
}

/** Ends what restores for a use, and removes what was restored for it. */
export async function leave(host: Host, use: Use): Promise<void> {
  await host.endAttempts(attemptOf(host, use));
  await host.files.remove(folderOf(host, use));
}
