/** What happened to a relationship besides its syncs: who asked for it, when, why, and what came of it. Pure. */
import type { Actor } from './actor';
import type { Instant } from './records';

/** Besides these, each sync is one of kind `sync`: the catalog keeps a record of its own of those. */
export const EVENT_KINDS = [
  ...(['applied', 'deleted', 'paused', 'resumed', 'approved', 'cancelled', 'drillSchedule'] as const),
  ...(['verify', 'restore', 'failover', 'relocate', 'reverse', 'drill'] as const),
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** `lost`: its workflow was ended, and nobody can tell. */
export type EventResult = 'succeeded' | 'failed' | 'cancelled' | 'lost';

export interface RelationshipEvent {
  /** The same each time it is told, and no other's. */
  id: string;
  relationship: string;
  kind: EventKind;
  at: Instant;
  /** Null, as `result`: it runs still, as far as anybody has told. */
  endedAt: Instant | null;
  actor: Actor;
  result: EventResult | null;
  /** What it was about, or what came of it, in a line. */
  text: string;
  target: string | null;
  point: string | null;
  workflowId: string | null;
  /** What it changed of the spec, a line each: `spec.trigger.schedule: "0 * * * *" → "0 3 * * *"`. */
  changes: string[];
}

/** What is known of one as it begins. */
export type NewEvent = Pick<RelationshipEvent, 'id' | 'relationship' | 'kind' | 'at' | 'actor'> &
  Partial<RelationshipEvent>;

/** What came of it. */
export type EventEnd = Pick<RelationshipEvent, 'endedAt' | 'result'> & Partial<RelationshipEvent>;

/** A relationship carries so many itself, the newest; the catalog has them all. */
const CARRIED = 20;
const MOST_TEXT_LENGTH = 500;

export interface EventsState {
  /** The newest, oldest first. */
  events?: RelationshipEvent[];
  /** How many there were. */
  eventNumber?: number;
}

function shorten(text: string): string {
  return text.length > MOST_TEXT_LENGTH ? `${text.slice(0, MOST_TEXT_LENGTH - 1)}…` : text;
}

/** Of one that begins, or that is over as it happens. */
export function makeEvent(event: NewEvent): RelationshipEvent {
  return {
    ...{ endedAt: null, result: null, target: null, point: null, workflowId: null, changes: [] },
    ...event,
    text: shorten(event.text ?? ''),
  };
}

/** Keeps the newest alone; of those that run, all. */
export function addEvent(state: EventsState, event: RelationshipEvent): void {
  const events = [...(state.events ?? []), event];
  state.eventNumber = (state.eventNumber ?? 0) + 1;
  const surplus = Math.max(0, events.length - CARRIED);
  state.events = events.filter((each, index) => index >= surplus || each.endedAt === null);
}

/** Does nothing where it is over already, or not carried any more. */
export function endEvent(state: EventsState, id: string, end: EventEnd): void {
  state.events = (state.events ?? []).map((event) =>
    event.id !== id || event.endedAt !== null
      ? event
      : { ...event, ...end, text: shorten(end.text ?? event.text) },
  );
}

/** Its workflow was ended: of what ran then, nobody can tell what came. */
export function endLost(state: EventsState, now: Instant): void {
  for (const { id, endedAt, text } of state.events ?? []) {
    if (endedAt !== null) continue;
    const lost = 'its workflow was ended meanwhile';
    endEvent(state, id, { endedAt: now, result: 'lost', text: text === '' ? lost : `${text}; ${lost}` });
  }
}
