/** What the target's half tells the source's: which bucket, by its name and that of its credentials. Pure. */
import { z } from 'zod';
import type { Volume } from '../../../model/records';
import type { Opened, Told } from '../../../movers/contract';
import { readTold } from '../../../movers/shared/told';
import { NearSchema, toldNear } from '../../shared/near';

const ToldSchema = z.object({
  remote: z.string().regex(/^[^-]/),
  options: z.object({
    credentials: z.string().exactOptional(),
    bandwidthLimit: z.string().exactOptional(),
    keepReplaced: z.string().exactOptional(),
    layout: z.literal('volsync').exactOptional(),
  }),
  near: NearSchema.exactOptional(),
});

export const makeTold = ({ path, options = {}, near }: Volume): Told => ({
  ...{ remote: path, options },
  ...(near && { near: toldNear(near) }),
});

/** The bucket, as the volume that it is. */
export function readVolume(opened: Opened): Volume {
  const { remote, options, near } = readTold(ToldSchema, opened.told, 'target');
  return { kind: 'bucket', path: remote, options, ...(near && { near }) };
}
