/** The source's half of the handshake: a key. The target knows by itself what its landing runs. */
import type { Host } from '../../../hosts/contract';
import { z } from 'zod';
import { makeKey } from '../../../landings/ssh-client';
import type { Offer, TransferId } from '../../../movers/contract';
import { readTold } from '../../../movers/shared/told';

const OfferSchema = z.object({ isToCompare: z.literal(true).exactOptional() });

type ImageOffer = z.output<typeof OfferSchema>;

/** @throws TidemarkError `InvalidSpec` */
export const readOffer = ({ told }: Offer): ImageOffer => readTold(OfferSchema, told, 'source');

export async function makeOffer(
  host: Host,
  { id, targetHost }: { id: TransferId; targetHost: string },
): Promise<Offer> {
  return { publicKey: await makeKey(host, id, targetHost), told: {} satisfies ImageOffer };
}

export async function makeVerifyOffer(host: Host, { id }: { id: TransferId }): Promise<Offer> {
  return { publicKey: await makeKey(host, id, ''), told: { isToCompare: true } satisfies ImageOffer };
}
