/** Guards and claims of a store of images, and changes of the primary. */
import { join } from 'node:path';
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { withLock } from '../shared/lock';
import { isRemembered, noteClaim } from '../shared/memory';
import { findObjection, isSameClaim, NO_CLAIMS, type StoredClaim } from '../shared/state';
import { makeError, STATE_FILE, writeRecord } from '../shared/tools';
import { findPlace, type Place } from './place';

type Options = { approved?: boolean; promotes?: boolean };

async function checkPlace(
  place: Place,
  claim: Claim,
  { approved = false, promotes = false }: Options,
): Promise<void> {
  const { volume, mount, state, exists, root } = place;
  if (volume.mustBeMounted && mount.point === '/') {
    const hint = `mount a filesystem on ${root} or a folder above; see: findmnt --verify`;
    throw makeError(place, 'NotMounted', `nothing is mounted on ${root}, and the spec says mustBeMounted`, {
      hint,
    });
  }
  if (!state?.claims[claim.relationship] && !approved && (await isRemembered(place, claim.relationship))) {
    const hint = `is its storage mounted? If it was replaced on purpose: tidemark approve ${claim.relationship}`;
    throw makeError(
      place,
      'NotMounted',
      'the store of images that was used here is gone: this one does not know it',
      { hint },
    );
  }
  if (!exists && claim.role === 'source') {
    const hint = 'correct the storage root in the spec, or mount it';
    throw makeError(place, 'VolumeMissing', `there is no store of images in ${root}`, { hint });
  }
  const objection = findObjection(state ?? NO_CLAIMS, claim, promotes);
  if (objection === undefined) return;
  const hint =
    'see what uses it: tidemark get; then choose another store, or delete the relationship in the way';
  throw makeError(place, 'Fenced', objection, { hint });
}

/** `check` of the volume contract. */
export async function check(host: Host, volume: Volume, claim: Claim, options: Options = {}): Promise<void> {
  await checkPlace(await findPlace(host, volume), claim, options);
}

async function store(place: Place, wanted: StoredClaim): Promise<void> {
  const claims = { ...(place.state ?? NO_CLAIMS).claims, [wanted.relationship]: wanted };
  await writeRecord(place, join(place.meta, STATE_FILE), { ...NO_CLAIMS, claims });
  await noteClaim(place, wanted.relationship, true);
}

/** One change of claims at a time; the meta folder follows from the store, so it is looked for again inside. */
async function changeClaims<T>(host: Host, volume: Volume, change: (place: Place) => Promise<T>): Promise<T> {
  return await withLock(`claims:${host.home}:${volume.path}`, async () =>
    change(await findPlace(host, volume)),
  );
}

/** `claim` of the volume contract. */
export async function claim(host: Host, volume: Volume, wanted: Claim, options: Options = {}): Promise<void> {
  await changeClaims(host, volume, async (before) => {
    await checkPlace(before, wanted, options);
    if (!before.exists) await host.files.mkdir(before.root, 0o700);
    const place = before.exists ? before : await findPlace(host, volume);
    const stored = place.state?.claims[wanted.relationship];
    const isSame = isSameClaim(stored, wanted);
    await store(place, isSame && stored?.demoted ? { ...wanted, demoted: true } : wanted);
  });
}

/** `disclaim` of the volume contract. */
export async function disclaim(host: Host, volume: Volume, relationship: string): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    if (place.state?.claims[relationship]) {
      const { [relationship]: _removed, ...claims } = place.state.claims;
      await writeRecord(place, join(place.meta, STATE_FILE), { ...place.state, claims });
    }
    await noteClaim(place, relationship, false);
  });
}

async function changePrimary(host: Host, volume: Volume, wanted: StoredClaim): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    await checkPlace(place, wanted, { promotes: wanted.role === 'source' });
    if (!place.exists)
      throw makeError(place, 'VolumeMissing', `there is no store of images in ${place.root}`);
    await store(place, wanted);
  });
}

/** `promote` of the volume contract. */
export async function promote(host: Host, volume: Volume, wanted: Claim): Promise<void> {
  await changePrimary(host, volume, wanted);
}

/** `demote` of the volume contract: no engine can keep its users from pulling and building. */
export async function demote(
  host: Host,
  volume: Volume,
  wanted: Claim,
): Promise<{ readOnly: boolean; whyNot?: string }> {
  await changePrimary(host, volume, { ...wanted, demoted: true });
  const whyNot = 'no container engine can make its images read-only; stop what pulls and builds there';
  return { readOnly: false, whyNot };
}
