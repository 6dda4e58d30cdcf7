import { Context } from '@temporalio/activity';
import type { Progress } from '../../model/records';
import type { TransferId } from '../../movers/contract';

/** The newest progress of each running activity; the heartbeat reads it. */
const newest = new WeakMap<Context, Progress>();

/** A function that notes the progress of the activity that calls this. */
export function progressReporter(): (progress: Progress) => void {
  const context = Context.current();
  return (progress) => newest.set(context, progress);
}

/** How far each transfer has come that did not end by itself, for as long as the agent lives. */
const reached = new Map<string, number>();

const keyOf = ({ relationship, target, syncId }: TransferId) =>
  JSON.stringify([relationship, target, syncId]);

/** Reports the progress of a transfer, and keeps how far it came where it fails or is cancelled. */
export async function followTransfer<T>(
  id: TransferId,
  transfer: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const [report, key] = [progressReporter(), keyOf(id)];
  reached.set(key, 0);
  const result = await transfer((progress) => {
    report(progress);
    // One that was cancelled may run on for a moment after it was asked about.
    if (reached.has(key)) reached.set(key, progress.bytesDone);
  });
  reached.delete(key);
  return result;
}

/** How far a transfer came that did not end by itself, told once; undefined where nothing is known of it. */
export function takeReached(id: TransferId): number | undefined {
  const bytes = reached.get(keyOf(id));
  reached.delete(keyOf(id));
  return bytes;
}

/** What the next heartbeat of an activity says. */
export function progressOf(context: Context): Progress | undefined {
  return newest.get(context);
}
