/** What the target's half tells the source's: which bucket, by its name and that of its credentials. Pure. */
import { z } from 'zod';
import type { Volume } from '../../../model/records';
import type { Opened, Told } from '../../../movers/contract';
import { readTold } from '../../../movers/shared/told';

const ToldSchema = z.object({
  remote: z.string().regex(/^[^-]/),
  options: z.object({
    credentials: z.string().exactOptional(),
    bandwidthLimit: z.string().exactOptional(),
    keepReplaced: z.string().exactOptional(),
  }),
});

export const makeTold = ({ path, options = {} }: Volume): Told => ({ remote: path, options });

/** The bucket, as the volume that it is. */
export function readVolume(opened: Opened): Volume {
  const { remote, options } = readTold(ToldSchema, opened.told, 'target');
  return { kind: 'bucket', path: remote, options };
}
