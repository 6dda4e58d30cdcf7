/** The source's half of the handshake: a key, how long the source is, and the commands that rsync will run at the target. */
import type { Host } from '../../hosts/contract';
import { makeKey } from '../../landings/ssh-client';
import type { Mover, Offer } from '../contract';
import { findServerCommand } from '../rsync/one-file';
import { lookAtSomething } from './look';
import { makeClientOptions } from './options';
import { checkKnowsDevices } from './sizes';
import type { BlockOffer } from './told';

/** `offer` of the mover contract: one command for each kind of target, of which the target alone knows which it is. */
export async function makeOffer(
  host: Host,
  { id, reach: { runner, path }, targetHost, mover }: Parameters<Mover['offer']>[1],
): Promise<Offer> {
  const { kind, bytes } = await lookAtSomething(runner, path);
  if (kind === 'device') await checkKnowsDevices(runner, path);
  const [publicKey, file, device] = await Promise.all([
    makeKey(host, id, targetHost),
    findServerCommand(runner, makeClientOptions(mover, kind, 'file')),
    findServerCommand(runner, makeClientOptions(mover, kind, 'device')),
  ]);
  const told: BlockOffer = { bytes, serverCommands: { file, device } };
  return { publicKey, told };
}

/** `offerVerify` of the mover contract. */
export async function makeVerifyOffer(
  host: Host,
  { id, reach: { runner, path } }: Parameters<Mover['offerVerify']>[1],
): Promise<Offer> {
  const [publicKey, { bytes }] = await Promise.all([makeKey(host, id, ''), lookAtSomething(runner, path)]);
  return { publicKey, told: { bytes } satisfies BlockOffer };
}
