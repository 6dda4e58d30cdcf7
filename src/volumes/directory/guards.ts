/** What is refused before anything is changed. */
import { dirname } from 'node:path';
import type { Claim, Volume } from '../../model/records';
import { refuseFolder } from '../../model/paths';
import type { Host } from '../../hosts/contract';
import { checkClaim, type CheckOptions } from '../shared/guards';
import { findRememberedInside } from '../shared/memory';
import { isInside } from '../shared/mounts';
import { findPlace, findStored, type Place } from './place';
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
  const holdsAgent = role === 'target' && isInside(host.home, root);
  const objection =
    refuseFolder(root, role) ??
    refuseFolder(volume.path, role) ??
    (holdsAgent ? `${root} holds the agent's own state, ${host.home}` : undefined);
  if (objection === undefined) return;
  throw makeError(place, 'InvalidSpec', objection, {
    hint: 'choose a directory that holds nothing but this data',
  });
}

/** @throws TidemarkError `NotMounted` where the spec wants a mounted filesystem and there is none. */
function checkMounted(place: Place): void {
  if (!place.volume.mustBeMounted || place.mount.point !== '/') return;
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

/** Folders above a path, nearest first, without the root folder. */
function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === '/' || above === path ? [] : [above, ...foldersAbove(above)];
}

/**
 * A sync makes its target equal to the source: what lies inside would go, and a volume that holds it
 * would be copied into itself, or take it away.
 * @throws TidemarkError `Fenced`
 */
async function checkApart(place: Place, { role, relationship }: Claim): Promise<void> {
  if (role !== 'target') return;
  const hint = 'choose a directory apart from every other volume';
  const [inner] = await findRememberedInside(place, place.root);
  if (inner !== undefined)
    throw makeError(
      place,
      'Fenced',
      `it contains ${inner}, which is a volume too, and a sync would remove it`,
      { hint },
    );
  for (const folder of foldersAbove(place.root)) {
    const claims = Object.values((await findStored(place, place.mounts, folder))?.state.claims ?? {});
    const outer = claims.find((each) => each.role === 'target' || each.relationship === relationship);
    if (outer)
      throw makeError(
        place,
        'Fenced',
        `it lies inside ${folder}, the ${outer.role} of ${outer.relationship}`,
        { hint },
      );
  }
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
  await checkApart(place, claim);
}
