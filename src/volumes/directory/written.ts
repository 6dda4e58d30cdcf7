/** What others wrote to a replica since its newest point: a transfer compares it by content, or somebody is asked. */
import type { Volume, Written } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { SincePoint, WriteWindow } from '../contract';
import { TICK_SECONDS } from '../../trees/fingerprint';
import type { WalkEntry } from '../../trees/walk';
import { withLock } from '../shared/lock';
import { findPlace, makeAttempt, type ReadyPlace } from './place';
import { readWholeRecords } from './points';
import { lookAtReplica, type ReplicaLook } from './replica';

/** `listWritten` of the volume contract. */
export async function listWritten(host: Host, volume: Volume, request: SincePoint): Promise<Written> {
  const look = await lookSincePoint(host, volume, request);
  if (!look) return { files: [], hasNoNewNames: false };
  const files = look.changed
    .filter(({ entry }) => hasContent(entry) && !wasLanded(entry, request.landings))
    .map(({ entry }) => entry.path);
  return { files, hasNoNewNames: look.isWhole && look.changed.every(({ how }) => how !== 'new') };
}

/** `wasWritten` of the volume contract. */
export async function wasWritten(host: Host, volume: Volume, request: SincePoint): Promise<boolean> {
  const look = await lookSincePoint(host, volume, request);
  if (look === undefined) return false;
  const { landings } = request;
  // What is gone has no time of its own that would tell who removed it; its folder has.
  return look.changed.some(({ entry }) => !wasLanded(entry, landings));
}

/** One look at the whole replica; undefined where nothing was kept of it that could tell. */
async function lookSincePoint(
  host: Host,
  volume: Volume,
  { relationship, signal }: SincePoint,
): Promise<ReplicaLook | undefined> {
  const found = await findPlace(host, volume);
  if (!found.exists || found.meta === undefined) return undefined;
  const place: ReadyPlace = { ...found, meta: found.meta };
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  return await withLock(`points:${place.root}:${relationship}`, async () => {
    const options = { attempt, ...(signal && { signal }) };
    const newest = (await readWholeRecords(place, relationship)).at(-1);
    return await lookAtReplica(place, relationship, newest, options);
  });
}

/** A file without bytes has no content that could differ. */
export const hasContent = ({ type, size }: WalkEntry): boolean => type === 'f' && size > 0;

/**
 * While a landing is open, the mover is trusted to be the one that writes, and gives a file its time only once it
 * holds the source's content. So a big transfer that was cut off is not read again. One whose end nobody noted may
 * have ended long ago: what changed since is compared.
 */
function wasLanded({ ctime }: WalkEntry, landings: readonly WriteWindow[]): boolean {
  const changed = Number(ctime);
  return landings.some(
    ({ openedAt, closedAt }) =>
      closedAt !== undefined && changed > openedAt + TICK_SECONDS && changed < closedAt - TICK_SECONDS,
  );
}
