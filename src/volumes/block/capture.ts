/** Freezes the source, and releases it again. */
import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import type { Capture } from '../../model/capture';
import type { Volume } from '../../model/records';
import type { CaptureRequest } from '../contract';
import { withLock } from '../shared/lock';
import { checkName, makeError } from '../shared/tools';
import { cloneImage } from './images';
import { ensureFolder, findPlace, findReadyPlace, folderOf, lockKey, makeAttempt } from './place';

/** `capture` of the volume contract. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  const { relationship, syncId, method, signal } = request;
  const place = await findReadyPlace(host, volume);
  if (method === 'Direct') return { syncId, method, path: volume.path, live: true };
  if (method !== 'Clone') {
    const hint = 'use copyMethod Direct, or Clone of an image file on btrfs or XFS';
    throw makeError(place, 'UnsupportedCapture', `it can't be captured by ${method}`, { hint });
  }
  const attempt = makeAttempt(place, 'capture', relationship);
  await host.endAttempts(attempt);
  return await withLock(lockKey(place, `captures:${relationship}`), async () => {
    const folder = await ensureFolder(place, relationship, 'captures');
    const path = join(folder, checkName(place, syncId));
    // What is there under its final name is whole.
    if (!(await host.files.list(folder)).includes(syncId))
      await cloneImage(place, place.root, path, { attempt, ...(signal && { signal }) });
    return { syncId, method, path, live: false };
  });
}

/** `release` of the volume contract. */
export async function release(
  host: Host,
  volume: Volume,
  { relationship, keepSyncIds }: { relationship: string; keepSyncIds: readonly string[] },
): Promise<void> {
  const place = await findPlace(host, volume);
  const folder = folderOf(place, relationship, 'captures');
  if ((await host.files.list(folder)).every((name) => keepSyncIds.includes(name))) return;
  await host.endAttempts(makeAttempt(place, 'capture', relationship));
  await withLock(lockKey(place, `captures:${relationship}`), async () => {
    for (const name of await host.files.list(folder))
      if (!keepSyncIds.includes(name)) await host.files.remove(join(folder, name));
  });
}
