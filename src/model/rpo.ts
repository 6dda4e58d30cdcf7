/** Lag, and the promise about it. */
import type { Instant } from './records';
import { durationToMs } from './units';

/**
 * Seconds since a recovery point was captured; never negative, also where a clock runs ahead.
 * @param now milliseconds since the epoch, or a Date
 */
export function lagSeconds(capturedAt: Instant, now: number | Date): number {
  return Math.max(0, (Number(now) - Date.parse(capturedAt)) / 1000);
}

/**
 * Whether a target keeps the promise; undefined where none was made.
 * @param lag in seconds; undefined where the target has no recovery point, which keeps no promise
 * @param rpo a duration such as `1h`
 */
export function isRpoMet(lag: number | undefined, rpo: string): boolean;
export function isRpoMet(lag: number | undefined, rpo: string | undefined): boolean | undefined;
export function isRpoMet(lag: number | undefined, rpo: string | undefined): boolean | undefined {
  if (rpo === undefined) return undefined;
  return lag !== undefined && lag * 1000 <= durationToMs(rpo);
}
