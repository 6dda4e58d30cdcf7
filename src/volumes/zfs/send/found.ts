/** What the target tells of what it holds. */
import { z } from 'zod';
import type { Landing } from '../../../landings/contract';
import type { Opened, Told } from '../../../movers/contract';
import { openedBy, readTold } from '../../../movers/shared/told';

const FoundSchema = z.object({
  /** By part, the identity of the state that each goes on from, or of what is read. */
  bases: z.record(z.string(), z.string()).exactOptional(),
  /** Of a stream that was cut off here, where the target's storage can resume it. */
  resumeToken: z.string().exactOptional(),
});

export type ZfsFound = z.output<typeof FoundSchema>;

/** @throws TidemarkError `InvalidSpec` */
export const readFound = (told: Told): ZfsFound => readTold(FoundSchema, told, 'target');

/** A landing to what was found. What the target's storage has of a stream that was cut off is not sent again. Pure. */
export function openedTo(landing: Landing, found: ZfsFound): Opened {
  const opened = openedBy(landing, found);
  return found.resumeToken === undefined ? opened : { ...opened, goesBy: 'resume' };
}
