/** What the recovery points of all kinds have in common. */
import { z } from 'zod';
import { LEFT_OUT_REASONS } from '../../model/left-out';
import type { Instant, Point } from '../../model/records';
import { makeError, type Subject } from './tools';

const LeftOutSchema = z.object({
  reason: z.enum(LEFT_OUT_REASONS),
  count: z.int(),
  examples: z.array(z.string()),
});

/** A point, as it is kept with the data. */
export const PointSchema = z.object({
  id: z.string(),
  syncId: z.string(),
  sequence: z.int(),
  capturedAt: z.string(),
  publishedAt: z.string(),
  method: z.enum(['Direct', 'Snapshot', 'Clone', 'HardLink']),
  identity: z.string(),
  bytes: z.number(),
  files: z.number(),
  verifiedAt: z.string().exactOptional(),
  diverged: z.literal(true).exactOptional(),
  delta: z.literal(true).exactOptional(),
  leftOut: z.array(LeftOutSchema).exactOptional(),
  filters: z.object({ include: z.array(z.string()), exclude: z.array(z.string()) }).exactOptional(),
});

/** What `publish` stamps on one, where a store keeps the rest otherwise. */
export const PointStampSchema = PointSchema.omit({ method: true, identity: true, verifiedAt: true });

/**
 * The one with this id.
 * @param records all there are, oldest first
 * @throws TidemarkError `PointMissing` where there is none, naming the newest.
 */
export function pickPoint<T extends { point: Point }>(
  subject: Subject,
  records: readonly T[],
  relationship: string,
  pointId: string,
): T {
  const found = records.find(({ point }) => point.id === pointId);
  if (found) return found;
  const newest = records.at(-1)?.point.id;
  const hint = newest
    ? `the newest is ${newest}; see: tidemark points ${relationship}`
    : 'there are none yet';
  throw makeError(subject, 'PointMissing', `there is no recovery point ${pointId}`, { hint });
}

/** A point, or its stamp, as it was verified at an instant; null: as it was not. */
export function withVerified<T extends { verifiedAt?: Instant }>(point: T, at: Instant | null): T {
  const { verifiedAt: _former, ...others } = point;
  return { ...others, ...(at !== null && { verifiedAt: at }) } as T;
}
