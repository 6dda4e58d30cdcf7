/** Freezes the source as a state that can be sent, and releases it again. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Capture } from '../../model/capture';
import { capture as captureDirectory, release as releaseDirectory } from '../directory/capture';
import {
  ensureFolder,
  findPlace,
  findReadyPlace,
  folderOf,
  makeAttempt,
  PARTIAL,
  type ReadyPlace,
} from '../directory/place';
import { withLock } from '../shared/lock';
import { removeTree } from '../directory/remove-tree';
import { checkName, makeError } from '../shared/tools';
import { partName, partsFolder, removeParts, ROOT_PART, sweepParts } from './folders';
import { findLeftOut } from './left-out';
import { findAt, identityOf, listSubvolumes } from '../directory/subvolumes/subvolumes';
import {
  assemble,
  ensureOwnIdentity,
  type Part,
  partsOf,
  snapshotReadOnly,
  type WorkOptions,
} from '../directory/subvolumes/trees';
import type { CaptureRequest } from '../contract';

/** `capture` of the volume contract. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  if (request.method !== 'Snapshot') throw makeUnsupported(host, volume, request.method);
  const place = await findReadyPlace(host, volume);
  const { relationship, syncId } = request;
  const isNested = request.mover?.btrfs?.nested === true;
  const taken = isNested ? await captureParts(place, request) : await captureDirectory(host, volume, request);
  const sent = isNested ? join(partsFolder(place, relationship, syncId), ROOT_PART) : taken.path;
  if (!isNested) {
    const attempt = makeAttempt(place, 'capture', relationship);
    await withLock(`captures:${place.root}:${relationship}`, () =>
      ensureOwnIdentity(
        place,
        { from: place.root, path: sent },
        { attempt, ...(request.signal && { signal: request.signal }) },
      ),
    );
  }
  const subvolumes = await listSubvolumes(place);
  const leftOut = findLeftOut(place, subvolumes, isNested);
  const identity = identityOf(findAt(place, subvolumes, sent));
  return { ...taken, identity, ...(leftOut.length > 0 && { leftOut }) };
}

export function makeUnsupported(host: Host, volume: Volume, method: string) {
  const message = `a btrfs volume is never frozen by ${method}`;
  const hint = 'use copyMethod Snapshot, or name the volume as `directory`';
  return makeError({ host, volume }, 'UnsupportedCapture', message, { hint });
}

/**
 * A tree of all subvolumes, and beside it each of them by itself, named so that the target can tell where it
 * belongs: that is what is sent. Each is frozen at a moment of its own, one right after the other.
 */
async function captureParts(place: ReadyPlace, request: CaptureRequest): Promise<Capture> {
  const { host } = place;
  const { relationship, syncId, signal } = request;
  const attempt = makeAttempt(place, 'capture', relationship);
  await host.endAttempts(attempt);
  return await withLock(`captures:${place.root}:${relationship}`, async () => {
    const captures = await ensureFolder(place, relationship, 'captures');
    const path = join(captures, checkName(place, syncId));
    const options = { attempt, ...(signal && { signal }) };
    if (!(await host.files.list(captures)).includes(syncId)) {
      const parts = await freezeParts(place, request, options);
      const partial = `${path}.${randomUUID()}${PARTIAL}`;
      await assemble(place, parts, partial, { ...options, readOnly: true });
      await host.files.rename(partial, path);
    }
    return { syncId, method: 'Snapshot', path, live: false };
  });
}

/** What stands for bytes that are no UTF-8. */
const UNREADABLE = '\ufffd';

async function freezeParts(
  place: ReadyPlace,
  { relationship, syncId }: CaptureRequest,
  options: WorkOptions,
): Promise<Part[]> {
  await ensureFolder(place, relationship, 'parts');
  // What an attempt left that was cut off is of another moment.
  await removeParts(place, relationship, syncId);
  const folder = partsFolder(place, relationship, syncId);
  await place.host.files.mkdir(folder, 0o700);
  const frozen: Part[] = [];
  for (const part of partsOf(await listSubvolumes(place), place.root)) {
    if (part.place.includes(UNREADABLE)) {
      const hint = 'rename it, or replicate the volume without nested';
      const message = `the name of the inner subvolume ${part.place} is no UTF-8, and it can't be sent along`;
      throw makeError(place, 'UnsupportedCapture', message, { hint });
    }
    const name = partName(part.place);
    if (name === undefined) {
      const hint = 'move it to a shorter path, or replicate it by itself';
      const message = `the path of the inner subvolume ${part.place} is too long to be sent along`;
      throw makeError(place, 'UnsupportedCapture', message, { hint });
    }
    const path = join(folder, name);
    await snapshotReadOnly(place, part.from, path, options);
    await ensureOwnIdentity(place, { from: part.from, path }, options);
    frozen.push({ from: path, place: part.place });
  }
  return frozen;
}

/** `release` of the volume contract. */
export async function release(
  host: Host,
  volume: Volume,
  request: { relationship: string; keepSyncIds: readonly string[] },
): Promise<void> {
  const { relationship, keepSyncIds } = request;
  await releaseDirectory(host, volume, request);
  const place = await findPlace(host, volume);
  if (!place.exists || place.meta === undefined) return;
  const ready = { ...place, meta: place.meta };
  const trees = await host.files.list(folderOf(ready, relationship, 'trees'));
  await withLock(`captures:${place.root}:${relationship}`, () =>
    sweepParts(ready, relationship, (name) => keepSyncIds.includes(name) || trees.includes(name)),
  );
}

/** Once a target has points of its own, what it froze as a source serves nobody any more. */
export async function dropCaptures(place: ReadyPlace, relationship: string): Promise<void> {
  const folder = folderOf(place, relationship, 'captures');
  for (const name of await place.host.files.list(folder)) await removeTree(place, join(folder, name));
}
