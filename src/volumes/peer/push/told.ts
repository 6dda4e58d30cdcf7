/** What the source's half tells the target's: by which door somebody pushes into it. Pure. */
import { z } from 'zod';
import type { Volume } from '../../../model/records';
import type { Told } from '../../../movers/contract';

export const OfferSchema = z.object({
  scheme: z.enum(['ssh', 'rsync+tls']),
  credentials: z.string(),
  signal: z.literal('volsync').exactOptional(),
});

/** The target's answer: which claim it is that is open. */
export const OpenedSchema = z.object({ claim: z.string() });

export const makeOffer = (
  scheme: z.output<typeof OfferSchema>['scheme'],
  { options = {} }: Volume,
): Told => ({
  ...{ scheme, credentials: options.credentials ?? '' },
  ...(options.signal !== undefined && { signal: options.signal }),
});
