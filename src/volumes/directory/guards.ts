/** What is refused before anything is changed. */
import { dirname } from 'node:path';
import type { Claim, Volume } from '../../model/records';
import { refuseFolder } from '../../model/paths';
import type { Host } from '../../hosts/contract';
import { checkClaim, type CheckOptions } from '../shared/guards';
import { checkApart, makeOverlap } from '../shared/apart';
import { isInside } from '../../trees/mounts';
import { findPlace, type Place } from './place';
import { findStoredAbove, findStoredInside, objectToStored } from './stored';
import { makeError } from '../shared/tools';

/** `check` of the volume contract, for a place that was looked at already. */
export async function checkPlace(place: Place, claim: Claim, options: CheckOptions = {}): Promise<void> {
  checkNotSystem(place, claim);
  checkMounted(place);
  const hint = mountHint(place, claim);
  await checkClaim(place, claim, options, {
    exists: place.exists,
    state: place.state,
    noun: 'directory',
    makeLost: () => makeLost(place, claim),
    makeMissing: () => makeError(place, 'VolumeMissing', 'there is no such directory', { hint }),
  });
}

/** @throws TidemarkError `InvalidSpec` for a system folder, wherever symlinks lead. */
function checkNotSystem(place: Place, { role }: Claim): void {
  const { root, volume, host } = place;
  const objection =
    refuseFolder(root, role) ??
    refuseFolder(volume.path, role) ??
    (role === 'target' ? refuseAgentHome(root, host.home) : undefined);
  if (objection === undefined) return;
  throw makeError(place, 'InvalidSpec', objection, {
    hint: 'choose a directory that holds nothing but this data',
  });
}

function refuseAgentHome(root: string, home: string): string | undefined {
  if (isInside(home, root)) return `${root} holds the agent's own state, ${home}`;
  return isInside(root, home) ? `${root} lies in the agent's own state, ${home}` : undefined;
}

/** @throws TidemarkError `NotMounted` where the spec wants a mounted filesystem and there is none. */
function checkMounted(place: Place): void {
  if (!place.volume.options?.mustBeMounted || place.mount.point !== '/') return;
  const hint = `mount it on ${place.root} or a folder above; see: findmnt --verify`;
  throw makeError(place, 'NotMounted', 'no filesystem is mounted there, and the spec says mustBeMounted', {
    hint,
  });
}

function makeLost(place: Place, claim: Claim) {
  const message = place.exists
    ? `the volume that ${claim.relationship} used here is gone: what is there now does not know it`
    : 'the directory that was here is gone';
  return makeError(place, place.exists ? 'NotMounted' : 'VolumeMissing', message, {
    hint: mountHint(place, claim),
  });
}

function mountHint({ root }: Place, { relationship }: Claim): string {
  const path = dirname(root) === '/' ? root : `${root}, or a folder above`;
  return `is it mounted? (${path}) If the volume was replaced on purpose: tidemark approve ${relationship}`;
}

/**
 * Apart from what the agents of this machine remember, and from what is stored around it; before it is claimed
 * for the first time, inside of it too.
 * @throws TidemarkError `Fenced`
 */
export async function checkPlaceApart(place: Place, claim: Claim): Promise<void> {
  const { root, mounts, state, exists } = place;
  await checkApart(place, claim, { mounts, folders: [root] });
  const isNew = state?.claims[claim.relationship] === undefined;
  if (claim.role === 'source' && !isNew) return;
  const above = await findStoredAbove(place, mounts, root);
  const inside = isNew && exists && claim.role === 'target' ? await findStoredInside(place, root) : [];
  const objection = objectToStored(claim, [...above, ...inside]);
  if (objection !== undefined) throw makeOverlap(place, objection);
}

/** `check` of the volume contract. */
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
