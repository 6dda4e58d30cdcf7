/** The source's half of the handshake: a key. The target knows by itself what its landing runs. */
import type { Host } from '../../../hosts/contract';
import { makeKey } from '../../../landings/ssh-client';
import type { Offer, TransferId } from '../../../movers/contract';

export async function makeOffer(
  host: Host,
  { id, targetHost }: { id: TransferId; targetHost: string },
): Promise<Offer> {
  return { publicKey: await makeKey(host, id, targetHost), serverCommands: {}, resolved: {} };
}

export async function makeVerifyOffer(host: Host, { id }: { id: TransferId }): Promise<Offer> {
  return { publicKey: await makeKey(host, id, ''), serverCommands: {}, resolved: { mode: 'verify' } };
}
