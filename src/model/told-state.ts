import type { RelationshipEvent } from './events';
import type { Instant } from './records';
import type { RelationshipStatus } from './status';

/** What a relationship tells of itself at each change: what it answers to the query `status`. */
export interface ToldState {
  status: RelationshipStatus;
  /** By the workflow's clock, which is Temporal's: orders what one relationship tells. */
  at: Instant;
  /** What happened of late, or ended; told again is the same. */
  events?: RelationshipEvent[];
}

/** What one relationship has told twice: its newest state, and all that happened. */
export function tellBoth(former: ToldState | undefined, newer: ToldState): ToldState {
  const events = [...(former?.events ?? []), ...(newer.events ?? [])];
  return events.length === 0 ? newer : { ...newer, events };
}

/**
 * Where workflows tell it, beside their histories: it costs no event. The SDK waits for a sink before it completes the
 * task in which it was called (worker.js, `processSinkCalls`), and calls none while it replays: so a control worker that is
 * killed in between leaves the task to the next one, which tells it again.
 */
// A type, not an interface: the SDK wants an index signature.
export type StateSinks = { states: { tell: (told: ToldState) => void } };
