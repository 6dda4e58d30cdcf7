/** Writable copies of recovery points, for drills. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import { formatBytes } from '../../model/units';
import type { Host } from '../../hosts/contract';
import type { Clone } from '../contract';
import { listSubvolumes } from './subvolumes/subvolumes';
import { assemble, partsOf } from './subvolumes/trees';
import {
  ensureFolder,
  findPlace,
  findReadyPlace,
  folderOf,
  makeAttempt,
  PARTIAL,
  type ReadyPlace,
} from './place';
import { hold, letGo, listHolders } from './holds';
import { findRoom, whyNoClone } from './inspect';
import type { WorkOptions } from '../../trees/linked-names';
import { withLock } from '../shared/lock';
import { isSubvolumeAt, removeTree } from './remove-tree';
import { findRecord, flush, treePath } from './points';
import { checkName, makeError, runTool } from '../shared/tools';

interface CloneRequest {
  relationship: string;
  pointId: string;
  cloneId: string;
  signal?: AbortSignal;
}

/** `clone` of the volume contract. */
export async function clone(host: Host, volume: Volume, request: CloneRequest): Promise<Clone> {
  const { relationship, cloneId } = request;
  const place = await findReadyPlace(host, volume);
  const folder = folderOf(place, relationship, 'clones');
  const path = join(folder, checkName(place, cloneId));
  return await withClone(place, relationship, cloneId, async () => {
    // What is there under its final name is whole.
    if (!(await host.files.list(folder)).includes(cloneId)) await make(place, path, request);
    return { path, how: await findHow(place, path) };
  });
}

/** A clone is made and removed by one at a time; others may be made meanwhile, and points published. */
async function withClone<T>(
  place: ReadyPlace,
  relationship: string,
  cloneId: string,
  work: () => Promise<T>,
): Promise<T> {
  await place.host.endAttempts(markOf(place, relationship, cloneId));
  return await withLock(`clones:${place.root}:${relationship}:${cloneId}`, work);
}

const markOf = (place: ReadyPlace, relationship: string, cloneId: string) =>
  makeAttempt(place, `clone-${cloneId}`, relationship);

async function make(place: ReadyPlace, path: string, request: CloneRequest): Promise<void> {
  const { relationship, cloneId, signal } = request;
  signal?.throwIfAborted();
  const folder = await ensureFolder(place, relationship, 'clones');
  await sweepPartials(place, folder, cloneId);
  const tree = await holdTree(place, request);
  // A name of its own: an attempt that was given up can't rename what its successor is writing.
  const partial = join(folder, `${cloneId}.${randomUUID()}${PARTIAL}`);
  const options = { attempt: markOf(place, relationship, cloneId), ...(signal && { signal }) };
  try {
    await copyTree(place, tree, partial, options);
    await flush(place);
    await place.host.files.rename(partial, path);
  } catch (error) {
    // Room for others; what stays is removed with all clones. Not when told to stop: that has to be quick.
    if (!signal?.aborted) await removeTree(place, partial).catch(() => undefined);
    throw error;
  } finally {
    await letGo(place, relationship, cloneId);
  }
}

/** Keeps the point from being pruned from here on. Answers where its tree is. */
async function holdTree(
  place: ReadyPlace,
  { relationship, pointId, cloneId }: CloneRequest,
): Promise<string> {
  return await withLock(`points:${place.root}:${relationship}`, async () => {
    const { tree } = await findRecord(place, relationship, pointId);
    if (tree === undefined) {
      const message = 'Direct keeps no recovery point apart from the live replica';
      const hint = 'use copyMethod Snapshot, Clone or HardLink at this target, and sync once';
      throw makeError(place, 'UnsupportedCapture', message, { hint });
    }
    await hold(place, relationship, cloneId, { pointId, tree });
    return treePath(place, relationship, tree);
  });
}

async function copyTree(
  place: ReadyPlace,
  tree: string,
  partial: string,
  options: WorkOptions,
): Promise<void> {
  if (await isSubvolumeAt(place, tree)) {
    await assemble(place, partsOf(await listSubvolumes(place), tree), partial, {
      ...options,
      readOnly: false,
    });
    return;
  }
  if ((await findHow(place, tree)) === 'Copy') await checkFits(place, tree, options);
  // `auto`, since single files may be unable to share their blocks: those without copy on write.
  await runTool(place, ['cp', '-a', '-x', '--reflink=auto', '-T', '--', tree, partial], options);
}

/** How a tree is cloned, and was: one of a snapshot is a subvolume itself, the rest is the filesystem's. */
async function findHow(place: ReadyPlace, path: string): Promise<Clone['how']> {
  if (await isSubvolumeAt(place, path)) return 'Snapshot';
  return (await whyNoClone(place)) === undefined ? 'Clone' : 'Copy';
}

/** @throws TidemarkError `TargetFull` before anything is written. */
async function checkFits(place: ReadyPlace, tree: string, options: WorkOptions): Promise<void> {
  const { stdout } = await runTool(place, ['du', '-s', '-x', '-B1', '--', tree], options);
  const needed = Number.parseInt(stdout.toString(), 10);
  const { freeBytes: free } = await findRoom(place);
  if (needed <= free) return;
  const message = `a clone needs ${formatBytes(needed)} and there are ${formatBytes(free)} free: ${formatBytes(needed - free)} are missing`;
  const hint = 'free space there, or keep the volume on btrfs or XFS, where a clone shares its blocks';
  throw makeError(place, 'TargetFull', message, { hint });
}

/** `removeClones` of the volume contract. */
export async function removeClones(
  host: Host,
  volume: Volume,
  { relationship, keepCloneIds }: { relationship: string; keepCloneIds: readonly string[] },
): Promise<void> {
  const place = await findPlace(host, volume);
  if (place.meta === undefined) return;
  const ready = { ...place, meta: place.meta };
  const folder = folderOf(ready, relationship, 'clones');
  const made = (await host.files.list(folder)).map(cloneIdOf);
  const cloneIds = new Set([...made, ...(await listHolders(ready, relationship))]);
  for (const cloneId of cloneIds) {
    if (keepCloneIds.includes(cloneId)) continue;
    await withClone(ready, relationship, cloneId, async () => {
      await sweepPartials(ready, folder, cloneId);
      await removeTree(ready, join(folder, cloneId));
      await letGo(ready, relationship, cloneId);
    });
  }
}

/** Whose an entry is: `<cloneId>`, or `<cloneId>.<uuid>.partial` while it is being made. */
function cloneIdOf(name: string): string {
  return name.replace(/\.[0-9a-f-]{36}\.partial$/, '');
}

async function sweepPartials(place: ReadyPlace, folder: string, cloneId: string): Promise<void> {
  for (const name of await place.host.files.list(folder)) {
    if (name !== cloneId && cloneIdOf(name) === cloneId) await removeTree(place, join(folder, name));
  }
}
