/** States of a bucket as trees that can be read: in the agent's own folder. */
import { join } from 'node:path';
import type { Capture } from '../../model/capture';
import { choosePast, describePast } from '../../model/past-state';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import { type Reach, reachHere } from '../../movers/reach';
import type { CaptureRequest, State } from '../contract';
import { shortHash } from '../shared/short-hash';
import { makeError } from '../shared/tools';
import { fetchedFolder } from './fetched';
import { forgetLooks, inOrder, readNotes } from './notes';
import { materialise, treeIn } from './materialise';
import { findKept } from './points';
import { bucketAt } from './rclone';

type Use = Omit<TransferId, 'syncId'>;

const attemptOf = ({ home }: Host, what: string) => `fetch:${what}:${home}`;

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
  const folder = fetchedFolder(host, relationship, volume);
  const attempt = attemptOf(host, `${relationship}:${volume.path}`);
  await materialise(bucket, { stateId: chosen.state, folder, attempt, signal, onProgress });
  const { capturedAt, leftOut } = chosen.stamp;
  return {
    ...{ syncId, method: 'Snapshot', path: treeIn(folder), live: false, capturedAt },
    ...(leftOut && { leftOut }),
  };
}

/** Everything that is fetched only to be read once. */
const readFolder = ({ home }: Host) => join(home, 'read');

const folderOfUse = (host: Host, { relationship, target }: Use) =>
  join(readFolder(host), encodeURIComponent(relationship), encodeURIComponent(target));

/** `reach` of the volume contract. A point is read back whole, and from the bucket alone. */
export async function reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach> {
  const bucket = bucketAt(host, volume);
  if (state.of === 'capture') return reachHere(host, state.capture.path);
  if (state.of === 'live') return reachHere(host, treeIn(fetchedFolder(host, use.relationship, volume)));
  const { state: stateId } = await findKept(bucket, state.relationship, state.pointId);
  await leave(host, use);
  const folder = join(folderOfUse(host, use), shortHash(state.pointId));
  const close = () => host.files.remove(folderOfUse(host, use));
  try {
    await materialise(bucket, {
      stateId,
      folder,
      attempt: attemptOf(host, `${use.relationship}:${use.target}`),
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { runner: host, path: treeIn(folder), close };
}

/** Ends what fetches for a use, and removes what was fetched for it. */
export async function leave(host: Host, use: Use): Promise<void> {
  await host.endAttempts(attemptOf(host, `${use.relationship}:${use.target}`));
  await host.files.remove(folderOfUse(host, use));
}

/** The agent starts: what its former life has fetched only to be read nobody reads any more. */
export async function sweepRead(host: Host): Promise<void> {
  await host.files.remove(readFolder(host));
}
