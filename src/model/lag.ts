/** How old a copy is. */
import type { Instant } from './records';

/**
 * Seconds since a recovery point was captured; never negative, also where a clock runs ahead.
 * @param now milliseconds since the epoch, or a Date
 */
export function lagSeconds(capturedAt: Instant, now: number | Date): number {
  return Math.max(0, (Number(now) - Date.parse(capturedAt)) / 1000);
}
