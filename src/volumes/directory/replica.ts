/**
 * What the live replica looked like when its newest point was made, kept in the agent's own folder: so that later it is
 * known what somebody wrote to since. Without that, nothing about its contents is taken for granted.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../hosts/contract';
import { compareWithFingerprint, type Fingerprint, type Look } from '../../trees/fingerprint';
import { readFingerprint, writeFingerprint } from '../../trees/fingerprint-file';
import { checkName } from '../shared/tools';
import type { WorkOptions } from '../../trees/linked-names';
import type { Place, ReadyPlace } from './place';
import { flush, type PointRecord } from './points';

/** What was written right before is out of the grain of the clock by then, and can be trusted the next time. */
const SETTLE_MS = 40;

export interface ReplicaLook extends Look {
  /** It is known what the replica looked like when that point was made. */
  isKnown: boolean;
}

function folderOf({ host, root }: Pick<Place, 'host' | 'root'>, relationship: string): string {
  const volume = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return `${host.home}/replicas/${encodeURIComponent(relationship)}/${volume}`;
}

const pathOf = (place: Place, relationship: string, identity: string) =>
  `${folderOf(place, relationship)}/${checkName(place, identity)}`;

/**
 * Looks at the whole replica, once.
 * @param record the point with whose making it is compared
 */
export async function lookAtReplica(
  place: ReadyPlace,
  relationship: string,
  record: PointRecord | undefined,
  options: WorkOptions,
): Promise<ReplicaLook> {
  const before =
    record && (await readFingerprint(place.host, pathOf(place, relationship, record.point.identity)));
  // Of a file that is mapped into a program's memory, times move only once what was written is on disk.
  await flush(place);
  await sleep(SETTLE_MS);
  const look = await compareWithFingerprint(place.host, place.root, before, options);
  return { ...look, isKnown: before !== undefined };
}

/** Keeps what the replica looked like right before a state was frozen: a write that came in between is seen later. */
export async function rememberReplica(
  place: ReadyPlace,
  relationship: string,
  identity: string,
  now: Fingerprint,
): Promise<void> {
  await writeFingerprint(place.host, pathOf(place, relationship, identity), now);
}

/** Forgets all states but one. */
export async function forgetOthers(place: ReadyPlace, relationship: string, identity: string): Promise<void> {
  const folder = folderOf(place, relationship);
  for (const name of await place.host.files.list(folder)) {
    if (name !== identity) await place.host.files.remove(`${folder}/${name}`);
  }
}

export async function forgetReplica(
  place: { host: Host; root: string },
  relationship: string,
): Promise<void> {
  await place.host.files.remove(folderOf(place, relationship));
}
