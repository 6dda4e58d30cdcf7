/** A dataset becomes the primary, or gives that up. */
import type { Host } from '../../hosts/contract';
import type { Claim, Volume } from '../../model/records';
import { noteClaim } from '../shared/memory';
import { checkPlace, storeClaim, withClaims } from './claims';
import { findReadyPlace, type ReadyPlace } from './place';
import { mount, refresh, settle } from './swap';
import { runZfs } from './tools';

/** `promote` of the volume contract. */
export async function promote(host: Host, volume: Volume, wanted: Claim): Promise<void> {
  await changePrimary(host, volume, wanted, async (place) => {
    // Set, not inherited: what is above may be read-only. Children inherit it.
    await runZfs(place, ['set', 'readonly=off', place.dataset.name]);
    await refresh(place, { must: true });
    await mount(place);
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
    // The mark comes first: cut off in between, whoever claims the volume still knows.
    await storeClaim(place, { ...wanted, demoted: true, readOnly: true });
    await runZfs(place, ['set', 'readonly=on', place.dataset.name]);
    return { readOnly: true };
  });
}

async function changePrimary<T>(
  host: Host,
  volume: Volume,
  wanted: Claim,
  change: (place: ReadyPlace) => Promise<T>,
): Promise<T> {
  return await withClaims(volume, async () => {
    await settle(host, volume);
    const place = await findReadyPlace(host, volume);
    await checkPlace(place, wanted, { promotes: wanted.role === 'source' });
    const result = await change(place);
    await noteClaim(place, wanted.relationship, true);
    return result;
  });
}
