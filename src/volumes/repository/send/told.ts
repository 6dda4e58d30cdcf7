/** What the target's half tells the source's: which repository, by its name and that of its credentials. Pure. */
import { z } from 'zod';
import type { Volume } from '../../../model/records';
import type { Opened, Told } from '../../../movers/contract';
import { readTold } from '../../../movers/shared/told';
import { NearSchema, toldNear } from '../../shared/near';

const ToldSchema = z.object({
  url: z.string().regex(/^[^-]/),
  options: z.object({
    credentials: z.string().exactOptional(),
    resticExclude: z.array(z.string()).exactOptional(),
    bandwidthLimit: z.string().exactOptional(),
    layout: z.literal('volsync').exactOptional(),
  }),
  near: NearSchema.exactOptional(),
});

export const makeTold = ({ path, options = {}, near }: Volume): Told => ({
  ...{ url: path, options },
  ...(near && { near: toldNear(near) }),
});

/** The repository, as the volume that it is. */
export function readVolume(opened: Opened): Volume {
  const { url, options, near } = readTold(ToldSchema, opened.told, 'target');
  return { kind: 'repository', path: url, options, ...(near && { near }) };
}
