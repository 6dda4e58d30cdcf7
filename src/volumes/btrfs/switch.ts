/** A btrfs volume is claimed, becomes the primary, or gives that up, with the subvolumes inside of it. */
import { dirname } from 'node:path';
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { claim as claimDirectory, disclaim as disclaimDirectory, storeClaim } from '../directory/claims';
import { checkPlace } from '../directory/guards';
import { withLock } from '../shared/lock';
import { noteClaim } from '../shared/memory';
import { findPlace } from '../directory/place';
import { ensureWritable } from '../directory/read-only';
import { isSameClaim } from '../shared/state';
import { demote as demoteDirectory, promote as promoteDirectory } from '../directory/switch';
import { mendNames } from './exchange';
import { check } from './inspect';

/** `claim` of the volume contract. */
export async function claim(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: { approved?: boolean } = {},
): Promise<void> {
  await mendNames(await findPlace(host, volume));
  await check(host, volume, wanted, options);
  const { exists } = await findPlace(host, volume);
  if (exists || wanted.role === 'source') await claimDirectory(host, volume, wanted, options);
  else await claimAbsent(host, volume, wanted, options);
}

/** What is not there yet comes to be by what is received. */
async function claimAbsent(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: { approved?: boolean },
): Promise<void> {
  const { root } = await findPlace(host, volume);
  await host.files.mkdir(dirname(root));
  await withLock(`claims:${root}`, async () => {
    const place = await findPlace(host, volume);
    await checkPlace(place, wanted, options);
    if (!isSameClaim(place.state?.claims[wanted.relationship], wanted)) await storeClaim(place, wanted);
    await noteClaim(place, wanted.relationship, true);
  });
}

/** `disclaim` of the volume contract. */
export async function disclaim(host: Host, volume: Volume, relationship: string): Promise<void> {
  await mendNames(await findPlace(host, volume));
  const place = await findPlace(host, volume);
  const isReplica = place.state?.claims[relationship]?.role === 'target';
  await disclaimDirectory(host, volume, relationship);
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
