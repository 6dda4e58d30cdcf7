/** Freezes the live replica as a recovery point. */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { TICK_SECONDS } from '../../trees/fingerprint';
import { snapshot } from './capture';
import { ensureFolder, findReadyPlace, makeAttempt, PARTIAL, type ReadyPlace } from './place';
import { cloneVolume } from './reflink';
import { copyGeneration } from './generation';
import { publishOnce } from '../shared/publish-once';
import { removeTree } from './remove-tree';
import { flush, type PointRecord, readWholeRecords, removeRecord, treePath, writePoint } from './points';
import { sweepPartials } from './prune';
import { forgetOthers, lookAtReplica, rememberReplica, type ReplicaLook } from './replica';
import type { WorkOptions } from '../../trees/linked-names';
import { makeError, runTool } from '../shared/tools';
import type { PublishRequest } from '../contract';

type Tree = Pick<PointRecord, 'tree' | 'hasHardLinks'> & { identity: string };

/** `publish` of the volume contract. */
export async function publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point> {
  const { relationship, stamp, method } = request;
  const place = await findReadyPlace(host, volume);
  await host.endAttempts(makeAttempt(place, 'publish', relationship));
  const look = async () => {
    const records = await readWholeRecords(place, relationship);
    return { records, points: records.map(({ point }) => point) };
  };
  return await publishOnce(`points:${place.root}:${relationship}`, stamp.id, look, async ({ records }) => {
    request.signal?.throwIfAborted();
    await outlastTick();
    const replica = await lookAtReplica(place, relationship, records.at(-1), workOptions(place, request));
    const { identity, ...kept } =
      findSharedTree(request, records.at(-1), replica) ?? (await freeze(place, request, records, replica));
    await rememberReplica(place, relationship, identity, replica.now);
    const point: Point = { ...stamp, method, identity };
    await writePoint(place, relationship, { point, ...kept });
    await forgetOthers(place, relationship, identity);
    // The live replica has moved on from what they stood for.
    const former = records.filter((record) => record.point.method === 'Direct');
    for (const { point: old } of former) await removeRecord(place, relationship, old.id);
    return point;
  });
}

/**
 * What was written within the grain of the clock before a look may change unseen after it: the next sync would compare it
 * by content, and tell of changes where there are none.
 */
const outlastTick = () => sleep(2000 * TICK_SECONDS);

function workOptions(place: ReadyPlace, { relationship, signal }: PublishRequest): WorkOptions {
  return { attempt: makeAttempt(place, 'publish', relationship), ...(signal && { signal }) };
}

/** The newest tree, where the replica still equals it: nobody wrote to the replica since it was made. */
function findSharedTree(
  { method }: PublishRequest,
  newest: PointRecord | undefined,
  { equal }: ReplicaLook,
): Tree | undefined {
  if (!equal || newest?.point.method !== method || newest.rolledBack) return undefined;
  const { tree, hasHardLinks, point } = newest;
  return { hasHardLinks, identity: point.identity, ...(tree !== undefined && { tree }) };
}

async function freeze(
  place: ReadyPlace,
  request: PublishRequest,
  records: PointRecord[],
  look: ReplicaLook,
): Promise<Tree> {
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
  const options = workOptions(place, request);
  try {
    const hasLinks = await fill(place, request, partial, records, look, options);
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
  look: ReplicaLook,
  options: WorkOptions,
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
        changed: look.isKnown && newest.tree === records.at(-1)?.tree ? look.changed : undefined,
      };
      await copyGeneration(place, partial, previous || undefined, options);
      return look.hasHardLinks;
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
