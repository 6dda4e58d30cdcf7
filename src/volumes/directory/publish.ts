/** Freezes the live replica as a recovery point. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Point, PointMethod, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { PointStamp } from '../contract';
import { PARTIAL, snapshot } from './capture';
import { cloneVolume } from './reflink';
import { copyGeneration } from './generation';
import { hasHardLinks } from './inspect';
import { withLock } from '../shared/lock';
import { ensureFolder, findReadyPlace, makeAttempt, type ReadyPlace, removeTree } from './place';
import { flush, type PointRecord, readWholeRecords, removeRecord, treePath, writePoint } from './points';
import { sweepPartials } from './prune';
import { makeError, runTool } from '../shared/tools';

interface PublishRequest {
  relationship: string;
  stamp: PointStamp;
  method: PointMethod;
  unchanged: boolean;
  signal?: AbortSignal;
}

type Tree = Pick<PointRecord, 'tree' | 'hasHardLinks'> & { identity: string };

/** `publish` of the volume contract. */
export async function publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point> {
  const { relationship, stamp, method } = request;
  const place = await findReadyPlace(host, volume);
  await host.endAttempts(makeAttempt(place, 'publish', relationship));
  return await withLock(`points:${place.root}:${relationship}`, async () => {
    const records = await readWholeRecords(place, relationship);
    const existing = records.find(({ point }) => point.id === stamp.id);
    if (existing) return existing.point;
    const { identity, ...kept } = findSharedTree(request, records) ?? (await freeze(place, request, records));
    const point: Point = { ...stamp, method, identity };
    await writePoint(place, relationship, { point, ...kept });
    // The live replica has moved on from what they stood for.
    const former = records.filter((record) => record.point.method === 'Direct');
    for (const { point: old } of former) await removeRecord(place, relationship, old.id);
    return point;
  });
}

/**
 * The newest tree, where the replica still equals it. Only right after the sync that made it: one in
 * between that failed may have written to the replica.
 */
function findSharedTree(
  { unchanged, method, stamp }: PublishRequest,
  records: PointRecord[],
): Tree | undefined {
  const newest = records.at(-1);
  if (!unchanged || newest?.point.method !== method || newest.point.sequence !== stamp.sequence - 1)
    return undefined;
  if (newest.rolledBack) return undefined;
  const { tree, hasHardLinks, point } = newest;
  return { hasHardLinks, identity: point.identity, ...(tree !== undefined && { tree }) };
}

async function freeze(place: ReadyPlace, request: PublishRequest, records: PointRecord[]): Promise<Tree> {
  const { relationship, method, signal, stamp } = request;
  if (method === 'Direct') {
    await flush(place);
    return { identity: stamp.syncId, hasHardLinks: false };
  }
  const trees = await ensureFolder(place, relationship, 'trees');
  await sweepPartials(place, relationship);
  // A name of its own: an attempt that was given up can't rename what its successor is writing.
  const fresh = randomUUID();
  const partial = join(trees, `${fresh}${PARTIAL}`);
  const options = { attempt: makeAttempt(place, 'publish', relationship), ...(signal && { signal }) };
  try {
    const hasLinks = await fill(place, request, partial, records, options);
    const identity = method === 'Snapshot' ? await readUuid(place, partial) : fresh;
    await place.host.files.rename(partial, join(trees, identity));
    // On disk before the point says so.
    await flush(place);
    return { tree: identity, identity, hasHardLinks: hasLinks };
  } catch (error) {
    // Room for others; what stays is swept later. Not when told to stop: that has to be quick.
    if (!signal?.aborted) await removeTree(place, partial).catch(() => undefined);
    throw error;
  }
}

/** Fills the partial tree. Answers whether files in it have several names, as far as anybody will ask. */
async function fill(
  place: ReadyPlace,
  { relationship, method }: PublishRequest,
  partial: string,
  records: PointRecord[],
  options: { attempt: string; signal?: AbortSignal },
): Promise<boolean> {
  switch (method) {
    case 'Snapshot':
      await snapshot(place, partial, options);
      return false;
    case 'Clone':
      await cloneVolume(place, partial, options);
      return false;
    case 'HardLink': {
      const newest = records.findLast(({ point, tree }) => point.method === 'HardLink' && tree !== undefined);
      const previous = newest?.tree !== undefined && {
        path: treePath(place, relationship, newest.tree),
        hasHardLinks: newest.hasHardLinks,
      };
      await copyGeneration(place, partial, previous || undefined, options);
      return await hasHardLinks(place, place.root);
    }
    case 'Direct':
      throw makeError(place, 'UnsupportedCapture', 'Direct keeps no tree');
  }
}

async function readUuid(place: ReadyPlace, path: string): Promise<string> {
  const { stdout } = await runTool(place, ['btrfs', 'subvolume', 'show', path]);
  const uuid = /^\s*UUID:\s+([0-9a-f-]{36})$/m.exec(stdout.toString())?.[1];
  if (uuid === undefined) throw makeError(place, 'ToolFailed', `btrfs does not tell the UUID of ${path}`);
  return uuid;
}
