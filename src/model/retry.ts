/** When a relationship starts a fresh sync after one that failed. */

const FIRST_DELAY_MS = 5_000;
const MAX_DELAY_MS = 600_000;

/**
 * How long to wait before the next attempt: 5 s after the first failure, doubled after each further
 * one up to 10 min, and never past the next tick of the schedule, which starts a sync anyway.
 * @param failures.consecutiveFailures how many syncs failed in a row, 1 or more
 * @param failures.msUntilNextTick absent where there is no schedule
 */
export function nextRetryDelayMs(failures: {
  consecutiveFailures: number;
  msUntilNextTick?: number;
}): number {
  const { consecutiveFailures, msUntilNextTick = Infinity } = failures;
  const doublings = Math.max(0, consecutiveFailures - 1);
  const delay = Math.min(FIRST_DELAY_MS * 2 ** doublings, MAX_DELAY_MS);
  return Math.max(0, Math.min(delay, msUntilNextTick));
}
