import { Context } from '@temporalio/activity';
import type { Progress } from '../../model/records';

/** The newest progress of each running activity; the heartbeat reads it. */
const newest = new WeakMap<Context, Progress>();

/** A function that notes the progress of the activity that calls this. */
export function progressReporter(): (progress: Progress) => void {
  const context = Context.current();
  return (progress) => newest.set(context, progress);
}

/** What the next heartbeat of an activity says. */
export function progressOf(context: Context): Progress | undefined {
  return newest.get(context);
}
