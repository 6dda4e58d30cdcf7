/** Reads what a recovery point, or a live replica, holds: as the kind of volume tells it, or by a walk through its files. */
import { randomUUID } from 'node:crypto';
import { TidemarkError } from '../../model/errors';
import { declarationOf } from '../../model/kinds';
import { type Entry, liesIn } from '../../model/point-content';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Reach } from '../../movers/reach';
import { LEFT_BY_TRANSFERS } from '../../movers/rsync/account';
import { readMounts } from '../../trees/mounts';
import { listTree } from '../../trees/list-tree';
import type { State, VolumeDriver } from '../../volumes/contract';
import { mountPointsOf } from '../../volumes/shared/memory';
import { whileRead } from './being-read';
import { withReach } from './doors';

export interface ReadAt {
  host: Host;
  volume: Volume;
  driver: VolumeDriver;
  relationship: string;
}

export interface ReadOptions {
  /** A path in it, as it is shown; by default all of it. */
  folder?: string;
  deep: boolean;
  signal: AbortSignal;
}

export interface Read {
  /** False where there is no such folder. */
  isThere: boolean;
  /** What could not be read, in the tool's own words. */
  problems: string;
}

/** The state that is read: a point, or undefined for the live replica. */
type Wanted = Point | undefined;

/** It may change while it is read. */
export const isLive = (wanted: Wanted): boolean => wanted === undefined || wanted.method === 'Direct';

function noFiles({ host, volume }: ReadAt, what: string, hint: string): TidemarkError {
  return new TidemarkError('UnsupportedCapture', what, { host: host.name, volume: volume.path, hint });
}

/** Where the files are. @throws TidemarkError `UnsupportedCapture` where there are none */
async function findRoot(at: ReadAt, { runner, path }: Reach, wanted: Wanted): Promise<string> {
  const isMounted = wanted === undefined && declarationOf(at.volume.kind).files === 'where-mounted';
  if (isMounted) {
    const [root] = mountPointsOf(await readMounts(runner), path);
    if (root !== undefined) return root;
    throw noFiles(at, `${path} is mounted nowhere`, `mount it, or name another point: --point B`);
  }
  if ((await runner.files.stat(await runner.files.resolve(path)))?.type === 'directory') return path;
  throw noFiles(
    at,
    `${at.volume.path} is a device, which holds no files`,
    'restore the point, and mount that',
  );
}

async function walk(
  at: ReadAt,
  wanted: Wanted,
  onEntry: (entry: Entry) => void,
  options: ReadOptions,
): Promise<string> {
  const { kind, path } = at.volume;
  if (!declarationOf(kind).hasTrees) {
    const hint = 'fail over to it, or rehearse that on a copy: tidemark drill';
    throw noFiles(at, `a recovery point of kind ${kind} holds no files that could be listed`, hint);
  }
  if (!wanted && declarationOf(kind).isAtSource)
    throw noFiles(at, `${path} has no live replica besides its points`, 'name another point: --point B');
  const { relationship } = at;
  const state: State = wanted ? { of: 'point', relationship, pointId: wanted.id } : { of: 'live' };
  // A name that no target has, so that it never meets a sync's landing, nor another look.
  const use = { relationship, target: `look:${randomUUID()}`, syncId: 'look' };
  return await withReach(at, state, use, async (reach) =>
    listTree(reach.runner, await findRoot(at, reach, wanted), onEntry, {
      ...options,
      isLive: isLive(wanted),
      // What a stream brings may be of several datasets, or subvolumes.
      oneFilesystem: isLive(wanted) && declarationOf(kind).isWrittenInPlace,
    }),
  );
}

/**
 * Tells what a state holds, in any order; of a folder, also the folder itself. A point is not pruned meanwhile.
 * @throws TidemarkError `UnsupportedCapture` where it holds no files
 */
export async function readState(
  at: ReadAt,
  wanted: Wanted,
  { folder, deep, signal }: ReadOptions,
  onEntry: (entry: Entry) => void,
): Promise<Read> {
  const { host, volume, driver, relationship } = at;
  let isThere = folder === undefined;
  const take = (entry: Entry) => {
    if (!liesIn(entry.path, folder, deep) || entry.path.split('/').includes(LEFT_BY_TRANSFERS)) return;
    isThere = true;
    onEntry(entry);
  };
  const options = { ...(folder !== undefined && { folder }), deep, signal };
  if (!wanted) {
    const said = await walk(at, wanted, take, options);
    return { problems: said, isThere };
  }
  const pointId = wanted.id;
  const problems = await whileRead(at, pointId, async () => {
    if (!driver.listContent) return await walk(at, wanted, take, options);
    await driver.listContent(host, volume, { relationship, pointId, ...options }, take);
    return '';
  });
  return { problems, isThere };
}
