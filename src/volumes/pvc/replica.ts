/**
 * What the live replica looked like when its newest point was made, kept in the agent's own folder: so that later it is
 * known what somebody wrote to since.
 */
import type { Host, Runner } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';
import { compareWithFingerprint, type Fingerprint, type Look } from '../../trees/fingerprint';
import { readFingerprint, writeFingerprint } from '../../trees/fingerprint-file';
import { shortHash } from './names';
import type { ReadyPlace } from './place';

/** A claim that was made anew is another volume. */
const folderOf = ({ host, pvc }: ReadyPlace, relationship: string) =>
  `${host.home}/replicas/${encodeURIComponent(relationship)}/${shortHash(pvc.metadata.uid ?? '')}`;

const fileOf = (place: ReadyPlace, relationship: string, pointId: string) =>
  `${folderOf(place, relationship)}/${pointId}`;

export interface ReplicaLook extends Look {
  /** It is known what the replica looked like when that point was made. */
  isKnown: boolean;
}

/** Looks at the whole replica, once. @param pointId the point with whose making it is compared */
export async function lookAtReplica(
  place: ReadyPlace,
  { runner, path }: { runner: Runner; path: string },
  relationship: string,
  pointId: string | undefined,
  signal?: AbortSignal,
): Promise<ReplicaLook> {
  const before =
    pointId === undefined
      ? undefined
      : await readFingerprint(place.host, fileOf(place, relationship, pointId));
  // Of a file that is mapped into a program's memory, times move only once what was written is on disk.
  await runChecked(runner, ['sync', '-f', '--', path]);
  const look = await compareWithFingerprint(runner, path, before, { ...(signal && { signal }) });
  return { ...look, isKnown: before !== undefined };
}

/** Keeps what the replica looked like right before a point was made, and forgets what it looked like at others. */
export async function rememberReplica(
  place: ReadyPlace,
  relationship: string,
  pointId: string,
  now: Fingerprint,
): Promise<void> {
  await writeFingerprint(place.host, fileOf(place, relationship, pointId), now);
  const folder = folderOf(place, relationship);
  for (const name of await place.host.files.list(folder)) {
    if (name !== pointId) await place.host.files.remove(`${folder}/${name}`);
  }
}

export async function forgetReplica(host: Host, relationship: string): Promise<void> {
  await host.files.remove(`${host.home}/replicas/${encodeURIComponent(relationship)}`);
}
