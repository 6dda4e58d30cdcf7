/**
 * The middle of a chain: a source that is another relationship's target. What is sent on is a whole state of it, never
 * one that a transfer is in the middle of.
 */
import { declarationOf } from '../../model/kinds';
import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import type { Volumes } from '../../volumes/registry';
import { listClaimed } from '../../volumes/shared/memory';
import { readMounts, relateFolders } from '../../trees/mounts';
import { countLandings } from './landed';

interface Reading {
  host: Host;
  volumes: Volumes;
  volume: Volume;
  relationship: string;
}

interface Writer {
  relationship: string;
  /** Landings since the newest point: while there are any, the replica is no whole state. */
  landings: number;
  newest?: string;
}

async function findWriters({ host, volumes, volume, relationship }: Reading): Promise<Writer[]> {
  const mounts = await readMounts(host);
  const claimed = await listClaimed(host, mounts);
  const own = claimed.find((each) => each.path === volume.path)?.folders ?? [];
  const isHere = (folders: readonly string[]) =>
    folders.some((there) => own.some((here) => relateFolders(mounts, here, there)?.how === 'same'));
  const others = claimed.filter(
    (each) =>
      each.role === 'target' &&
      each.relationship !== relationship &&
      (each.path === volume.path || isHere(each.folders)),
  );
  return await Promise.all(
    others.map(async ({ kind, path, relationship: other }) => {
      const newest = (await volumes.driverFor(kind).points(host, { kind, path }, other)).at(-1)?.id;
      return {
        relationship: other,
        landings: await countLandings(host, other),
        ...(newest !== undefined && { newest }),
      };
    }),
  );
}

function fail(host: Host, volume: Volume, message: string): TidemarkError {
  const hint = 'it resumes by itself once that sync has succeeded; see: tidemark get';
  return new TidemarkError('VolumeBusy', message, { host: host.name, volume: volume.path, hint });
}

/**
 * Reads a directory while no other relationship writes to it.
 * @throws TidemarkError `VolumeBusy` where one is in the middle of a transfer, or began one meanwhile
 */
export async function readWhole<T>(
  reading: Reading,
  read: () => Promise<T>,
  undo: () => Promise<void> = async () => undefined,
): Promise<T> {
  const { host, volume } = reading;
  if (!declarationOf(volume.kind).isWrittenInPlace) return await read();
  const before = await findWriters(reading);
  const open = before.find(({ landings }) => landings > 0);
  if (open)
    throw fail(
      host,
      volume,
      `${open.relationship} is in the middle of a transfer into it, or was cut off in one`,
    );
  const result = await read();
  if (before.length === 0) return result;
  const after = await findWriters(reading);
  if (JSON.stringify(after) === JSON.stringify(before)) return result;
  await undo();
  throw fail(
    host,
    volume,
    `${before.map((each) => each.relationship).join(', ')} wrote to it while it was read`,
  );
}
