/** What the two halves of a transfer tell each other of the claim that a store is worked with for. Pure. */
import { z } from 'zod';
import type { Volume } from '../../model/records';

export const NearSchema = z.object({
  path: z.string().regex(/^[a-z0-9-]+\/[a-z0-9.-]+$/),
  options: z
    .object({ runAs: z.string().exactOptional(), madeFor: z.string().exactOptional() })
    .exactOptional(),
});

/** As far as a transfer asks. */
export const toldNear = ({ path, options: { runAs, madeFor } = {} }: NonNullable<Volume['near']>) => ({
  path,
  options: { ...(runAs !== undefined && { runAs }), ...(madeFor !== undefined && { madeFor }) },
});
