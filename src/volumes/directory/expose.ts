/**
 * Makes what others wrote to a replica differ from the source, or from a point, for whoever compares by size and time: a
 * file that was changed gets a time that nothing else has, and so its content is compared, and put right.
 */
import { randomInt } from 'node:crypto';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { WriteWindow } from '../contract';
import { type Change, TICK_SECONDS } from '../shared/fingerprint';
import type { WalkEntry } from '../shared/walk';
import { withLock } from '../shared/lock';
import { runTool } from '../shared/tools';
import type { WorkOptions } from './links';
import { findPlace, makeAttempt, type ReadyPlace } from './place';
import { readWholeRecords } from './points';
import { lookAtReplica } from './replica';

/** `exposeWrites` of the volume contract. */
export async function exposeWrites(
  host: Host,
  volume: Volume,
  request: { relationship: string; landings: readonly WriteWindow[]; signal?: AbortSignal },
): Promise<void> {
  const { relationship, landings, signal } = request;
  const found = await findPlace(host, volume);
  if (!found.exists || found.meta === undefined) return;
  const place: ReadyPlace = { ...found, meta: found.meta };
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  await withLock(`points:${place.root}:${relationship}`, async () => {
    const options = { attempt, ...(signal && { signal }) };
    const newest = (await readWholeRecords(place, relationship)).at(-1);
    const { changed } = await lookAtReplica(place, relationship, newest, options);
    const suspects = changed.filter(({ entry }) => hasContent(entry) && !wasLanded(entry, landings));
    await expose(place, suspects, options);
  });
}

/** A file without bytes has no content that could differ. */
const hasContent = ({ type, size }: WalkEntry) => type === 'f' && size > 0;

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

/** Gives files a time that is nobody else's. Symlinks are not followed; what is gone by now is no error. */
export async function expose(
  place: ReadyPlace,
  changed: readonly Pick<Change, 'entry'>[],
  options: WorkOptions,
): Promise<void> {
  const paths = changed.filter(({ entry }) => hasContent(entry)).map(({ entry }) => `${entry.path}\0`);
  if (paths.length === 0) return;
  const nanoseconds = String(randomInt(1, 10 ** 9)).padStart(9, '0');
  const time = `@${randomInt(1, 2 ** 30)}.${nanoseconds}`;
  const argv = ['xargs', '-0', 'touch', '-m', '-h', '-c', '-d', time, '--'];
  const stdin = Buffer.from(paths.join(''), 'latin1');
  await runTool(place, argv, { ...options, cwd: place.root, stdin });
}
