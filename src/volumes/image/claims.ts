/** Guards and claims of a store of images, and changes of the primary. */
import { join } from 'node:path';
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { withLock } from '../shared/lock';
import { checkClaim, type CheckOptions } from '../shared/guards';
import { forgetClaim, noteClaim } from '../shared/memory';
import { renewClaim, type StoredClaim, withClaim, withoutClaim } from '../shared/state';
import { makeSwitch } from '../shared/switch';
import { makeError, writeRecord } from '../shared/tools';
import { STATE_FILE } from '../../trees/own-entries';
import { findPlace, makeMissing, type Place } from './place';

async function checkPlace(place: Place, claim: Claim, options: CheckOptions): Promise<void> {
  const { volume, mount, state, exists, root } = place;
  if (volume.options?.mustBeMounted && mount.point === '/') {
    const hint = `mount a filesystem on ${root} or a folder above; see: findmnt --verify`;
    throw makeError(place, 'NotMounted', `nothing is mounted on ${root}, and the spec says mustBeMounted`, {
      hint,
    });
  }
  await checkClaim(place, claim, options, {
    exists,
    state,
    noun: 'store',
    makeLost: () => {
      const hint = `is its storage mounted? If it was replaced on purpose: tidemark approve ${claim.relationship}`;
      const message = 'the store of images that was used here is gone: this one does not know it';
      return makeError(place, 'NotMounted', message, { hint });
    },
    makeMissing: () => makeMissing(place, { hint: 'correct the storage root in the spec, or mount it' }),
  });
}

/** `check` of the volume contract. */
export async function check(
  host: Host,
  volume: Volume,
  claim: Claim,
  options: CheckOptions = {},
): Promise<void> {
  await checkPlace(await findPlace(host, volume), claim, options);
}

async function storeClaim(place: Place, wanted: StoredClaim): Promise<void> {
  await writeRecord(place, join(place.meta, STATE_FILE), withClaim(place.state, wanted));
}

/** One change of claims at a time; the meta folder follows from the store, so it is looked for again inside. */
async function changeClaims<T>(host: Host, volume: Volume, change: (place: Place) => Promise<T>): Promise<T> {
  return await withLock(`claims:${host.home}:${volume.path}`, async () =>
    change(await findPlace(host, volume)),
  );
}

/** `claim` of the volume contract. */
export async function claim(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: CheckOptions = {},
): Promise<void> {
  await changeClaims(host, volume, async (before) => {
    await checkPlace(before, wanted, options);
    if (!before.exists) await host.files.mkdir(before.root, 0o700);
    const place = before.exists ? before : await findPlace(host, volume);
    const renewed = renewClaim(place.state?.claims[wanted.relationship], wanted);
    if (renewed) await storeClaim(place, renewed);
    await noteClaim(place, { ...wanted, root: place.root });
  });
}

/** `disclaim` of the volume contract. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    if (place.state?.claims[relationship]) {
      await writeRecord(place, join(place.meta, STATE_FILE), withoutClaim(place.state, relationship, copyOf));
    }
    await forgetClaim(place, relationship);
  });
}

export const { promote, demote } = makeSwitch<Place>({
  change: changeClaims,
  check: async (place, wanted, options) => {
    await checkPlace(place, wanted, options);
    if (!place.exists) throw makeMissing(place);
  },
  storeClaim,
  whyNoReadOnly: () => 'no container engine can make its images read-only; stop what pulls and builds there',
  makeReadOnly: async () => undefined,
  makeWritable: async () => undefined,
});
