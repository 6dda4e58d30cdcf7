/** A btrfs volume is claimed, becomes the primary, or gives that up, with the subvolumes inside of it. */
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { claim as claimDirectory, disclaim as disclaimDirectory } from '../directory/claims';
import { findPlace } from '../directory/place';
import { ensureWritable } from '../directory/read-only';
import { demote as demoteDirectory, promote as promoteDirectory } from '../directory/switch';
import { mendNames } from './exchange';
import { check } from './inspect';
import { checkUnmounted } from './replica';

/** `claim` of the volume contract. */
export async function claim(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: { approved?: boolean } = {},
): Promise<void> {
  const place = await findPlace(host, volume);
  await mendNames(place);
  await check(host, volume, wanted, options);
  // Now rather than after everything was brought over; when it is replaced, that is looked at again.
  if (wanted.role === 'target') checkUnmounted(place);
  await claimDirectory(host, volume, wanted, options);
}

/** `disclaim` of the volume contract. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  await mendNames(await findPlace(host, volume));
  const place = await findPlace(host, volume);
  const isReplica = place.state?.claims[relationship]?.role === 'target';
  await disclaimDirectory(host, volume, relationship, copyOf);
  // Nobody would do it later.
  if (isReplica && place.exists) await ensureWritable(place);
}

/** `promote` of the volume contract. */
export async function promote(host: Host, volume: Volume, wanted: Claim): Promise<void> {
  await mendNames(await findPlace(host, volume));
  await promoteDirectory(host, volume, wanted);
}

/** `demote` of the volume contract. */
export async function demote(
  host: Host,
  volume: Volume,
  wanted: Claim,
): Promise<{ readOnly: boolean; whyNot?: string }> {
  await mendNames(await findPlace(host, volume));
  return await demoteDirectory(host, volume, wanted);
}
