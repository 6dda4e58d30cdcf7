/** A device or an image file becomes the primary, or gives that up. */
import type { Host } from '../../hosts/contract';
import type { Claim, Volume } from '../../model/records';
import type { VolumeDriver } from '../contract';
import { makeSwitch } from '../shared/switch';
import { changeClaims, storeClaim } from './claims';
import { checkPlace } from './guards';
import { findPlace, isThere, makeMissing, type Place } from './place';
import { ensureWritable, makeReadOnly, whyNoReadOnly } from './read-only';

/** What uses it is asked once, and before anything is changed. */
function switchOf(whyNot: string | undefined) {
  return makeSwitch<Place>({
    change: changeClaims,
    // Who gives up being the primary may be mounted: that is told, and fences all the same.
    check: async (place, wanted, options) => {
      await checkPlace(place, wanted, options);
      if (!isThere(place)) throw makeMissing(place);
    },
    storeClaim,
    whyNoReadOnly: () => whyNot,
    makeReadOnly,
    makeWritable: ensureWritable,
  });
}

export const promote: VolumeDriver['promote'] = switchOf(undefined).promote;

/** `demote` of the volume contract. */
export async function demote(
  host: Host,
  volume: Volume,
  claim: Claim,
): Promise<{ readOnly: boolean; whyNot?: string }> {
  const whyNot = await whyNoReadOnly(await findPlace(host, volume));
  return await switchOf(whyNot).demote(host, volume, claim);
}
