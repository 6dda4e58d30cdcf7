/** A directory becomes the primary, or gives that up. */
import type { Claim } from '../../model/records';
import { type CheckOptions } from '../shared/guards';
import { makeSwitch } from '../shared/switch';
import { makeError } from '../shared/tools';
import { changeClaims, storeClaim } from './claims';
import { checkPlace } from './guards';
import { findPlace, type Place } from './place';
import { ensureWritable, makeReadOnly, whyNoReadOnly } from './read-only';

export const { promote, demote } = makeSwitch<Place>({
  change: async (host, volume, work) => changeClaims(await findPlace(host, volume), work),
  check,
  storeClaim,
  whyNoReadOnly,
  makeReadOnly,
  makeWritable: ensureWritable,
});

/** Unlike a claim, neither is anything where it can't be kept with the data. */
async function check(place: Place, wanted: Claim, options: CheckOptions): Promise<void> {
  await checkPlace(place, wanted, options);
  if (!place.exists) throw makeError(place, 'VolumeMissing', 'there is no such directory');
  if (!place.mount.readOnly) return;
  const hint = `mount it for writing: mount -o remount,rw ${place.mount.point}`;
  throw makeError(place, 'NotMounted', `${place.mount.point} is mounted read-only`, { hint });
}
