/** Freezes the source, and releases it again. */
import { STATE_FOLDER } from '../../model/paths';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { LeftOut } from '../../model/left-out';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Capture } from '../../model/capture';
import { cloneVolume } from './reflink';
import { findAtTop, findForeign, mountsInside, Tally } from '../../trees/left-out';
import { withLock } from '../shared/lock';
import { isInside } from '../../trees/mounts';
import {
  ensureFolder,
  findPlace,
  findReadyPlace,
  folderOf,
  makeAttempt,
  PARTIAL,
  type ReadyPlace,
} from './place';
import { removeTree } from './remove-tree';
import { checkName, makeError, runTool } from '../shared/tools';
import type { CaptureRequest } from '../contract';

/** `capture` of the volume contract. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  const { relationship, syncId, method } = request;
  if (method === 'Direct') {
    const { root, exists } = await findPlace(host, volume);
    if (!exists) throw makeError({ host, volume }, 'VolumeMissing', 'there is no such directory');
    return { syncId, method, path: root, live: true };
  }
  const place = await findReadyPlace(host, volume);
  if (place.mount.readOnly) {
    const hint = 'use copyMethod Direct';
    throw makeError(place, 'UnsupportedCapture', `${place.mount.point} is mounted read-only`, { hint });
  }
  await host.endAttempts(makeAttempt(place, 'capture', relationship));
  return await withLock(`captures:${place.root}:${relationship}`, async () => {
    const folder = await ensureFolder(place, relationship, 'captures');
    const path = join(folder, checkName(place, syncId));
    const names = await host.files.list(folder);
    // What is there under its final name is whole.
    if (!names.includes(syncId)) await freeze(place, path, request);
    const leftOut = await findNotFrozen(place, request);
    return { syncId, method, path, live: false, ...(leftOut.length > 0 && { leftOut }) };
  });
}

/**
 * What of the live volume the frozen state does not hold: what is mounted in it, and of a clone what `cp` does not go
 * into. A snapshot has a folder of its own in place of each subvolume, which is told of by whoever reads it.
 */
async function findNotFrozen(place: ReadyPlace, { method, signal }: CaptureRequest): Promise<LeftOut[]> {
  const { host, root, mount } = place;
  const tally = new Tally();
  const mounts = await mountsInside(host, root);
  if (method === 'Snapshot') {
    for (const path of mounts) if (!isInside(path, STATE_FOLDER)) tally.add('mount', path);
    return tally.list;
  }
  await findAtTop(host, root, tally.add);
  const mayBeForeign = mounts.size > 0 || mount.type === 'btrfs';
  if (mayBeForeign) await findForeign(host, root, tally.add, signal && { signal });
  return tally.list;
}

async function freeze(place: ReadyPlace, path: string, request: CaptureRequest): Promise<void> {
  const { relationship, method, signal } = request;
  const options = { attempt: makeAttempt(place, 'capture', relationship), ...(signal && { signal }) };
  if (method === 'Snapshot') return await snapshot(place, path, options);
  // A name of its own: an attempt that was given up can't rename what its successor is writing.
  const partial = `${path}.${randomUUID()}${PARTIAL}`;
  await cloneVolume(place, partial, options);
  await place.host.files.rename(partial, path);
}

/**
 * Makes a read-only btrfs snapshot of the live volume; there whole, or not at all.
 * @throws TidemarkError `UnsupportedCapture` where the volume is no subvolume.
 */
export async function snapshot(
  place: ReadyPlace,
  path: string,
  options: { attempt: string; signal?: AbortSignal },
): Promise<void> {
  const { root, mount, isSubvolume } = place;
  if (!isSubvolume) {
    const message =
      mount.type === 'btrfs'
        ? `${root} is not a btrfs subvolume`
        : `${mount.type} can't snapshot a directory`;
    const hint = 'use copyMethod Clone on btrfs and XFS, HardLink at a target, or Direct at a source';
    throw makeError(place, 'UnsupportedCapture', message, { hint });
  }
  await runTool(place, ['btrfs', 'subvolume', 'snapshot', '-r', root, path], options);
}

/** `release` of the volume contract. */
export async function release(
  host: Host,
  volume: Volume,
  { relationship, keepSyncIds }: { relationship: string; keepSyncIds: readonly string[] },
): Promise<void> {
  const place = await findPlace(host, volume);
  if (!place.exists || place.meta === undefined) return;
  const ready = { ...place, meta: place.meta };
  const folder = folderOf(ready, relationship, 'captures');
  if ((await host.files.list(folder)).every((name) => keepSyncIds.includes(name))) return;
  await host.endAttempts(makeAttempt(place, 'capture', relationship));
  await withLock(`captures:${place.root}:${relationship}`, async () => {
    for (const name of await host.files.list(folder)) {
      if (!keepSyncIds.includes(name)) await removeTree(place, join(folder, name));
    }
  });
}
