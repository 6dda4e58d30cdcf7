import { makeCron } from './cron';
import type { Instant } from './records';

/** The next tick of a cron expression after `afterMs`, without jitter; undefined where there is none. */
export function nextRun(cron: string, timezone: string, afterMs: number): Instant | undefined {
  return makeCron(cron, timezone).nextRun(new Date(afterMs))?.toISOString();
}
