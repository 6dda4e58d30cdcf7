/** When to ask again. Pure. */

const LONGEST_MS = 60_000;

/** Twice as long after each failure in a row, up to a minute, or to the ordinary pause where that is longer. */
export function pauseMs(everyMs: number, failures: number): number {
  if (failures === 0) return everyMs;
  return Math.max(everyMs, Math.min(LONGEST_MS, everyMs * 2 ** Math.min(failures, 10)));
}
