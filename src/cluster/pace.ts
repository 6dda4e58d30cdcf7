/**
 * When a resource is looked at again. It is looked at whenever it changes; between that, what runs, and what people have done
 * by other front doors, is found out by looking. The more resources there are, the more rarely each is: so many looks ask the
 * API server and Temporal for no more than a few things a second. Pure.
 */

/** What became of a look at a resource. */
export interface Looked {
  /** Something goes on that people wait for: it is looked at again soon, and ever more rarely while that is the same. */
  isBusy: boolean;
  /** It is not as it says. */
  isWrong: boolean;
  /** What goes on: which operation, and what that does. */
  doing?: string;
  /** When something begins by itself. */
  dueAt?: Date;
}

const FIRST_BUSY_MS = 2_000;
const BUSY_GROWTH = 1.25;
const IDLE_MS = 20_000;
const IDLE_MS_EACH = 600;
const LONGEST_IDLE_MS = 10 * 60_000;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** Whatever begins by a schedule has begun by then. */
const BEGUN_MS = 1_500;

/** How often a resource was found so in a row. */
export interface Run {
  kind: 'busy' | 'failed' | 'idle';
  doing?: string;
  count: number;
}

/** @param count resources that are served */
export const idleMsOf = (count: number): number =>
  Math.min(LONGEST_IDLE_MS, Math.max(IDLE_MS, count * IDLE_MS_EACH));

const runOn = (former: Run | undefined, kind: Run['kind'], doing?: string): Run => ({
  kind,
  ...(doing !== undefined && { doing }),
  count: former?.kind === kind && former.doing === doing ? former.count + 1 : 1,
});

/** @param looked undefined: that failed */
export function paceAfter(
  former: Run | undefined,
  looked: Looked | undefined,
  { count, nowMs }: { count: number; nowMs: number },
): { run: Run; pauseMs: number } {
  const idleMs = idleMsOf(count);
  if (!looked || looked.isWrong) {
    const run = runOn(former, 'failed');
    const longestMs = Math.max(LONGEST_RETRY_MS, idleMs);
    return { run, pauseMs: Math.min(longestMs, FIRST_RETRY_MS * 2 ** (run.count - 1)) };
  }
  if (looked.isBusy) {
    const run = runOn(former, 'busy', looked.doing);
    return { run, pauseMs: Math.min(idleMs, FIRST_BUSY_MS * BUSY_GROWTH ** (run.count - 1)) };
  }
  const dueMs = looked.dueAt ? looked.dueAt.getTime() + BEGUN_MS - nowMs : Infinity;
  const pauseMs = dueMs > 0 ? Math.min(idleMs, dueMs) : idleMs;
  return { run: runOn(former, 'idle'), pauseMs };
}
