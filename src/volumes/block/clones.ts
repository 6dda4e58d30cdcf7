/** Writable copies of recovery points, for drills. */
import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import type { Clone } from '../contract';
import { withLock } from '../shared/lock';
import { checkName, makeError } from '../shared/tools';
import { cloneImage } from './images';
import { ensureFolder, findPlace, findReadyPlace, folderOf, lockKey, makeAttempt } from './place';
import { findRecord, imagePath } from './points';

/** `clone` of the volume contract. A moment's work: the points wait for it. */
export async function clone(
  host: Host,
  volume: Volume,
  request: { relationship: string; pointId: string; cloneId: string; signal?: AbortSignal },
): Promise<Clone> {
  const { relationship, pointId, cloneId, signal } = request;
  const place = await findReadyPlace(host, volume);
  const attempt = makeAttempt(place, `clone-${cloneId}`, relationship);
  await host.endAttempts(attempt);
  return await withLock(lockKey(place, `points:${relationship}`), async () => {
    signal?.throwIfAborted();
    const { image } = await findRecord(place, relationship, pointId);
    if (image === undefined) {
      const message = 'Direct keeps no recovery point apart from the live replica';
      const hint = 'use copyMethod Clone at this target, of an image file on btrfs or XFS, and sync once';
      throw makeError(place, 'UnsupportedCapture', message, { hint });
    }
    const folder = await ensureFolder(place, relationship, 'clones');
    const path = join(folder, checkName(place, cloneId));
    // What is there under its final name is whole.
    if (!(await host.files.list(folder)).includes(cloneId)) {
      const options = { attempt, ...(signal && { signal }) };
      await cloneImage(place, imagePath(place, relationship, image), path, options);
    }
    return { path, how: 'Clone' };
  });
}

/** `removeClones` of the volume contract. */
export async function removeClones(
  host: Host,
  volume: Volume,
  { relationship, keepCloneIds }: { relationship: string; keepCloneIds: readonly string[] },
): Promise<void> {
  const place = await findPlace(host, volume);
  const folder = folderOf(place, relationship, 'clones');
  for (const name of await host.files.list(folder)) {
    const cloneId = cloneIdOf(name);
    if (keepCloneIds.includes(cloneId)) continue;
    await host.endAttempts(makeAttempt(place, `clone-${cloneId}`, relationship));
    await host.files.remove(join(folder, name));
  }
}

/** Whose a file is: `<cloneId>`, or `<cloneId>.<uuid>.partial` while it is being made. */
const cloneIdOf = (name: string) => name.replace(/\.[0-9a-f-]{36}\.partial$/, '');
