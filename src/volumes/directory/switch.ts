/** A volume becomes the primary, or gives that up. */
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { storeClaim } from './claims';
import { checkPlace } from './guards';
import { withLock } from '../shared/lock';
import { noteClaim } from '../shared/memory';
import { findPlace, type Place } from './place';
import { ensureWritable, makeReadOnly, whyNoReadOnly } from './read-only';
import { makeError } from '../shared/tools';

/** `promote` of the volume contract. */
export async function promote(host: Host, volume: Volume, wanted: Claim): Promise<void> {
  await changePrimary(host, volume, wanted, async (place) => {
    // The mark goes with the stored claim, so last: cut off before, this is done again.
    await ensureWritable(place);
    await storeClaim(place, wanted);
  });
}

/** `demote` of the volume contract. */
export async function demote(
  host: Host,
  volume: Volume,
  wanted: Claim,
): Promise<{ readOnly: boolean; whyNot?: string }> {
  return await changePrimary(host, volume, wanted, async (place) => {
    const whyNot = whyNoReadOnly(place);
    // The mark comes first: cut off in between, whoever claims the volume still makes it writable.
    await storeClaim(place, { ...wanted, demoted: true, ...(whyNot === undefined && { readOnly: true }) });
    if (whyNot !== undefined) return { readOnly: false, whyNot };
    await makeReadOnly(place);
    return { readOnly: true };
  });
}

/** Unlike a claim, this makes no volume, and is nothing where it can't be kept with the data. */
async function changePrimary<T>(
  host: Host,
  volume: Volume,
  wanted: Claim,
  change: (place: Place) => Promise<T>,
): Promise<T> {
  const { root } = await findPlace(host, volume);
  return await withLock(`claims:${root}`, async () => {
    const place = await findPlace(host, volume);
    await checkPlace(place, wanted, { promotes: wanted.role === 'source' });
    if (!place.exists) throw makeError(place, 'VolumeMissing', 'there is no such directory');
    if (place.mount.readOnly) {
      const hint = `mount it for writing: mount -o remount,rw ${place.mount.point}`;
      throw makeError(place, 'NotMounted', `${place.mount.point} is mounted read-only`, { hint });
    }
    const result = await change(place);
    await noteClaim(place, wanted.relationship, true);
    return result;
  });
}
