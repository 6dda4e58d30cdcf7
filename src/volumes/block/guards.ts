/** What is refused before anything is changed. */
import { dirname } from 'node:path';
import type { Host } from '../../hosts/contract';
import { refuseFolder } from '../../model/paths';
import type { Claim, Volume } from '../../model/records';
import { isInside } from '../../trees/mounts';
import { findStoredAbove, objectToStored } from '../directory/stored';
import { checkApart, makeOverlap } from '../shared/apart';
import { placesOf } from '../shared/devices';
import { checkClaim, type CheckOptions } from '../shared/guards';
import { makeError } from '../shared/tools';
import { findPlace, isThere, makeMissing, type Place, type ReadyPlace } from './place';
import { findMembership, findUses } from './uses';

/** `check` of the volume contract, for a place that was looked at already. */
export async function checkPlace(place: Place, claim: Claim, options: CheckOptions = {}): Promise<void> {
  checkPath(place, claim);
  checkMounted(place);
  const exists = isThere(place);
  const hint = `If it was replaced on purpose: tidemark approve ${claim.relationship}`;
  await checkClaim(place, claim, options, {
    exists,
    state: place.state,
    noun: 'device or image file',
    makeLost: () => (exists ? makeLost(place, claim) : makeMissing(place, { hint })),
    makeMissing: () => makeMissing(place),
  });
  if (!exists && (place.isDevice || place.found.kind === 'other')) throw makeMissing(place);
  if (exists && place.found.kind === 'device' && place.found.isReadOnly && claim.role === 'target')
    checkWritable(place, claim);
}

/** What Tidemark made read-only itself it makes writable again. */
function checkWritable(place: ReadyPlace, { relationship }: Claim): void {
  if (place.state?.claims[relationship]?.readOnly) return;
  throw makeError(place, 'NotMounted', 'the device is read-only', {
    hint: `let it be written to: blockdev --setrw ${place.root}`,
  });
}

function makeLost(place: Place, { relationship }: Claim) {
  const message = place.isReplaced
    ? 'another device bears this name now'
    : `what ${relationship} used here is gone: what is there now does not know it`;
  const hint = `see lsblk -o NAME,SIZE,SERIAL,WWN; name devices by /dev/disk/by-id. If it was replaced on purpose: tidemark approve ${relationship}`;
  return makeError(place, 'NotMounted', message, { hint });
}

/** An image file lies in no folder that belongs to the system, or to an agent. */
function checkPath({ isDevice, root, volume, host, ...subject }: Place, { role }: Claim): void {
  if (isDevice) return;
  const folder = dirname(root);
  const objection =
    // In a folder that others keep their files in, a file may lie.
    (folder === '/' ? 'the root folder holds no image files' : refuseFolder(root, role)) ??
    (isInside(root, host.home) ? `${root} lies in the agent's own state, ${host.home}` : undefined);
  if (objection === undefined) return;
  throw makeError({ ...subject, host, volume }, 'InvalidSpec', objection, {
    hint: 'choose a folder that is for images, such as /srv/images',
  });
}

/** @throws TidemarkError `NotMounted` where the spec wants a mounted filesystem and there is none. */
function checkMounted(place: Place): void {
  if (!place.volume.options?.mustBeMounted || place.isDevice || place.mount.point !== '/') return;
  const hint = `mount it on ${dirname(place.root)} or a folder above; see: findmnt --verify`;
  throw makeError(place, 'NotMounted', 'no filesystem is mounted there, and the spec says mustBeMounted', {
    hint,
  });
}

/**
 * Apart from what the agents of this machine remember, and from volumes that an image file would lie inside of.
 * @throws TidemarkError `Fenced`
 */
export async function checkPlaceApart(place: Place, claim: Claim): Promise<void> {
  const { host, volume, mounts, isDevice, root, state } = place;
  await checkApart(place, claim, { mounts, folders: await placesOf(host, volume.path) });
  if (isDevice || (claim.role === 'source' && state?.claims[claim.relationship])) return;
  const objection = objectToStored(claim, await findStoredAbove(place, mounts, root));
  if (objection !== undefined) throw makeOverlap(place, objection);
}

/**
 * Nobody else works with what is to be written to.
 * @throws TidemarkError `VolumeBusy` where it is in use, `InvalidSpec` where it is a member of a pool
 */
export async function checkFree(place: Place, { relationship }: Claim): Promise<void> {
  if (!isThere(place)) return;
  const { all } = await findUses(place);
  if (all.length > 0) {
    const hint =
      'umount it, or let go of it otherwise (lsblk, losetup -d), or name another one; nothing was changed';
    throw makeError(place, 'VolumeBusy', `it is in use: ${all.join('; ')}`, { hint });
  }
  // Once it is a copy, it may be one of a member.
  if (!place.isDevice || place.state?.claims[relationship]) return;
  const member = await findMembership(place);
  if (member === undefined) return;
  const hint = `name another device; if nothing uses this one any more: wipefs -a ${place.root}`;
  throw makeError(place, 'InvalidSpec', `it is part of a pool or an array (${member})`, { hint });
}

/** `check` of the volume contract. Who only looks at points may do so while something is mounted. */
export async function check(
  host: Host,
  volume: Volume,
  claim: Claim,
  options: { approved?: boolean } = {},
): Promise<void> {
  const place = await findPlace(host, volume);
  await checkPlace(place, claim, options);
  await checkPlaceApart(place, claim);
}
