/** A relationship whose workflow has ended, or can't go on, though nobody deleted it: it is down, never absent. Pure. */
import type { Instant } from './records';
import type { RelationshipStatus } from './status';

/**
 * How its workflow ended, as far as Temporal remembers. `stuck`: it has not, but its next
 * step fails each time, most often because its code, run again, does other things than its history says.
 */
export interface Vanished {
  how: 'terminated' | 'cancelled' | 'failed' | 'timed out' | 'lost' | 'stuck';
  at: Instant | null;
}

/** Temporal's names of how a workflow ends that is not deleted in the ordinary way. */
const HOWS: Readonly<Record<string, Vanished['how']>> = {
  TERMINATED: 'terminated',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
  TIMED_OUT: 'timed out',
};

/** @param status of the newest run, by Temporal's name; undefined: it runs, or was deleted as it should be */
export function vanishedBy(status: string, closedAt: Date | undefined): Vanished | undefined {
  const how = HOWS[status];
  return how && { how, at: closedAt?.toISOString() ?? null };
}

/** What has happened, for a sentence that begins with the relationship's name. */
export function vanishedText({ how, at }: Vanished): string {
  const when = at === null ? '' : ` at ${at.replace(/\.\d+Z$/, 'Z')}`;
  if (how === 'stuck')
    return "its workflow in Temporal can't go on: its next step fails each time, as after a reset to its middle or a change of Tidemark";
  const what =
    how === 'lost'
      ? 'is not there any more'
      : `was ${how}${when}`.replace('was failed', 'failed').replace('was timed', 'timed');
  return `it does not run: its workflow in Temporal ${what}`;
}

/** How the message ends by which a workflow says that it has nothing to tell of yet. */
export const NO_SPEC = 'has no accepted spec yet';

/** The command that brings it back. */
export function vanishedHint(name: string): string {
  return `tidemark apply -f FILE, with the spec of ${name}, brings it back; it goes on from what is there`;
}

/** What is known of it, without what it did then. */
export function asVanished(status: RelationshipStatus, vanished: Vanished): RelationshipStatus {
  const { operation: _ended, drill: _too, retryAt: _never, ...known } = status;
  return { ...known, phase: 'Vanished', vanished };
}
