/** Stores and removes claims, and makes a target that is not there yet. */
import { basename, dirname, join } from 'node:path';
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { checkPlace, checkPlaceApart } from './guards';
import { isEmpty } from './inspect';
import { withLock } from '../shared/lock';
import { forgetClaim, noteClaim } from '../shared/memory';
import { ensureMeta, findPlace, findReadyPlace, type Place } from './place';
import { removeTree } from './remove-tree';
import { ensureWritable } from './read-only';
import { forgetReplica } from './replica';
import { renewClaim, type StoredClaim, withClaim, withoutClaim } from '../shared/state';
import { runTool, writeRecord } from '../shared/tools';
import { STATE_FILE } from '../../trees/own-entries';

const READ_ONLY_CODES = new Set(['EROFS', 'EACCES', 'EPERM']);

/** `claim` of the volume contract. */
export async function claim(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: { approved?: boolean } = {},
): Promise<void> {
  const place = await findPlace(host, volume);
  await checkPlace(place, wanted, options);
  if (place.state?.claims[wanted.relationship] === undefined) await checkPlaceApart(place, wanted);
  if (wanted.role === 'target') await prepareTarget(place);
  await changeClaims(place, async (now) => {
    await checkPlace(now, wanted, options);
    const stored = now.state?.claims[wanted.relationship];
    const { released } = now.state ?? {};
    if (stored?.readOnly) await ensureWritable(now);
    const renewed = renewClaim(stored, wanted);
    // A source that can only be read is remembered all the same: others keep away from it.
    const isStored = !renewed || (await tryStoring(now, renewed));
    if (released && released.relationship !== wanted.relationship)
      await forgetReplica(now, released.relationship);
    await noteClaim(now, { ...wanted, root: now.root, isStored });
  });
}

/** One change of a volume's claims at a time, with the place as it is then. */
export async function changeClaims<T>(before: Place, work: (now: Place) => Promise<T>): Promise<T> {
  const { host, volume, root } = before;
  return await withLock(`claims:${root}`, async () => work(await findPlace(host, volume)));
}

/** False where a source can only be read: then its claim can't be kept with the data. */
async function tryStoring(place: Place, wanted: StoredClaim): Promise<boolean> {
  const isReadable = wanted.role === 'source';
  if (isReadable && (place.meta === undefined || place.mount.readOnly)) return false;
  try {
    await storeClaim(place, wanted);
    return true;
  } catch (error) {
    if (isReadable && READ_ONLY_CODES.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Keeps a claim with the data, in place of the relationship's former one; within `changeClaims`. */
export async function storeClaim(place: Place, wanted: StoredClaim): Promise<void> {
  const { host, volume, meta } = place;
  const ready = meta === undefined ? await findReadyPlace(host, volume) : { ...place, meta };
  await ensureMeta(ready);
  await writeRecord(ready, join(ready.meta, STATE_FILE), withClaim(place.state, wanted));
}

/** Makes the directory; on btrfs as a subvolume, also in place of an empty directory, to be able to snapshot it. */
async function prepareTarget(place: Place): Promise<void> {
  const { host, root, mount, volume } = place;
  // What is not there yet comes to be by what is received.
  if (!place.exists && volume.kind === 'btrfs') return await host.files.mkdir(dirname(root));
  if (place.exists && (mount.type !== 'btrfs' || place.isSubvolume)) return;
  if (mount.type !== 'btrfs') return await host.files.mkdir(root);
  const isMountPoint = place.mounts.some(({ point }) => point === root);
  if (place.exists && (isMountPoint || place.state !== undefined || !(await isEmpty(place)))) return;
  await host.files.mkdir(dirname(root));
  const fresh = join(dirname(root), `.${basename(root)}.tidemark-new`);
  await removeTree(place, fresh);
  await runTool(place, ['btrfs', 'subvolume', 'create', fresh]);
  // Its owner, mode and ACL.
  if (place.exists) await runTool(place, ['cp', '-a', '-T', '--', root, fresh]);
  await host.files.rename(fresh, root);
}

/** `disclaim` of the volume contract. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  await changeClaims(await findPlace(host, volume), async (place) => {
    const { meta } = place;
    let { state } = place;
    if (state?.claims[relationship] && meta !== undefined) {
      // Nobody else would do it later.
      if (state.claims[relationship].readOnly) await ensureWritable(place);
      state = withoutClaim(state, relationship, copyOf);
      await writeRecord(place, join(meta, STATE_FILE), state);
    }
    await forgetClaim(place, relationship);
    // Of a copy that may be resumed, it tells whether somebody wrote to it meanwhile.
    if (state?.released?.relationship !== relationship) await forgetReplica(place, relationship);
  });
}
