/** A recovery point's stamp, as stores keep it with the data: checked where it is read. */
import { z } from 'zod';
import type { Point } from '../../model/records';

export const PointStampSchema = z.object({
  id: z.string(),
  syncId: z.string(),
  sequence: z.number(),
  capturedAt: z.string(),
  publishedAt: z.string(),
  bytes: z.number(),
  files: z.number(),
  leftOut: z.array(z.custom<NonNullable<Point['leftOut']>[number]>()).exactOptional(),
  filters: z.custom<NonNullable<Point['filters']>>().exactOptional(),
});
