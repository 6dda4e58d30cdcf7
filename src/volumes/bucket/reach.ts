/** States of a bucket as trees that can be read: in the agent's own folder, or in a claim of its own. */
import { join } from 'node:path';
import type { Capture } from '../../model/capture';
import { choosePast, describePast } from '../../model/past-state';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import { type Reach, reachAt, reachHere } from '../../movers/reach';
import type { CaptureRequest, State } from '../contract';
import { makeScratch } from '../shared/scratch';
import { shortHash } from '../shared/short-hash';
import { makeError } from '../shared/tools';
import { kept } from './fetched';
import { forgetLooks, inOrder, readNotes } from './notes';
import { materialise, treeIn } from './materialise';
import { findKept } from './points';
import { bucketAt } from './rclone';

/** `capture` of the volume contract, of a bucket that is a source: the newest state, fetched whole. */
export async function capture(
  host: Host,
  volume: Volume,
  { relationship, syncId, signal, onProgress }: CaptureRequest,
): Promise<Capture> {
  const bucket = bucketAt(host, volume);
  // What was seen some seconds ago, the writer may have left behind by now.
  forgetLooks(bucket);
  const points = inOrder(await readNotes(bucket));
  const asked = volume.options ?? {};
  const chosen = choosePast(points, asked, ({ stamp }) => stamp.capturedAt);
  if (!chosen) {
    throw makeError(
      bucket,
      'PointMissing',
      `of ${points.length} recovery points in it, none is ${describePast(asked)}`,
      {
        hint: 'correct restoreAsOf and previous in the spec; the target stays as it is',
      },
    );
  }
  const { capturedAt, leftOut, bytes, files: entries } = chosen.stamp;
  // What is new is fetched beside what is there, and may be all of it.
  const room = await kept.open(bucket, relationship, { bytes: 2 * bytes, entries: 2 * entries });
  const { runner, path: folder } = room;
  const attempt = `fetch:${relationship}:${volume.path}:${host.home}`;
  try {
    const request = { stateId: chosen.state, folder, attempt, signal, onProgress };
    await materialise({ ...bucket, runner }, request);
  } finally {
    await room.close();
  }
  return {
    ...{ syncId, method: 'Snapshot', path: treeIn(folder), live: false, capturedAt },
    ...(leftOut && { leftOut }),
  };
}

/** What is fetched only to be read once. */
export const scratch = makeScratch('read', 'fetch');

/** `reach` of the volume contract. A point is read back whole, and from the bucket alone. */
export async function reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach> {
  const bucket = bucketAt(host, volume);
  // As a target: nothing of ours is open there.
  if (state.of === 'live' && !state.orFrozen) return reachHere(host, volume.path);
  if (state.of !== 'point') {
    const room = await kept.openWhole(bucket, use.relationship);
    return reachAt(room, state.of === 'capture' ? state.capture.path : treeIn(room.path));
  }
  const { state: stateId, stamp } = await findKept(bucket, state.relationship, state.pointId);
  const size = { bytes: stamp.bytes, entries: stamp.files };
  return await scratch.open(bucket, use, size, async ({ runner, folder: used }) => {
    const folder = join(used, shortHash(state.pointId));
    await materialise({ ...bucket, runner }, { stateId, folder, attempt: scratch.attemptOf(host, use) });
    return treeIn(folder);
  });
}
