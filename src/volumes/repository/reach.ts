/** A recovery point as a tree that can be read: restored into the agent's own scratch folder, for as long as somebody reads it. */
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import { type Reach, reachAt, reachHere } from '../../movers/reach';
import type { State } from '../contract';
import { checkScratchRoom, makeScratch, type Use } from '../shared/scratch';
import { shortHash } from '../shared/short-hash';
import { findOtherSnapshot, isOther } from './others';
import { type Repository, repositoryAt, runResticChecked } from './restic';
import { restoreRoot } from './root-folder';
import { findKept, type KeptPoint } from './snapshots';
import { kept, treeIn } from './source';
import { readTag, TAGS } from './stamp';

/** What is restored only to be read. */
export const scratch = makeScratch('restored', 'restore');

async function restoreInto(
  repository: Repository,
  kept: Pick<KeptPoint, 'snapshot' | 'point'>,
  path: string,
  use: Use,
): Promise<void> {
  const { host, runner } = repository;
  const { bytes } = kept.point;
  await runner.files.mkdir(path, 0o700);
  const what = `to be read, recovery point ${kept.point.id} is restored to ${path} first`;
  await checkScratchRoom(repository, { path, bytes, what });
  await runResticChecked(repository, ['restore', `--target=${path}`, '--sparse', kept.snapshot.id], {
    attempt: scratch.attemptOf(host, use),
    endsWithAgent: true,
  });
  const root = readTag(kept.snapshot, TAGS.root);
  if (root !== undefined) await restoreRoot(runner, root, path);
}

/** `reach` of the volume contract. */
export async function reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach> {
  const repository = repositoryAt(host, volume);
  // As a target: nothing of ours is open there.
  if (state.of === 'live' && !state.orFrozen) return reachHere(host, volume.path);
  if (state.of !== 'point') {
    const room = await kept.openWhole(repository, use.relationship);
    return reachAt(room, state.of === 'capture' ? state.capture.path : treeIn(room));
  }
  const found = isOther(state.pointId)
    ? await findOtherSnapshot(repository, state.relationship, state.pointId)
    : await findKept(repository, state.relationship, state.pointId);
  const { bytes, files: entries } = found.point;
  return await scratch.open(repository, use, { bytes, entries }, async ({ runner, folder }) => {
    const path = join(folder, shortHash(state.pointId));
    await restoreInto({ ...repository, runner }, found, path, use);
    return path;
  });
}
