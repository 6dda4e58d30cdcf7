/** Keeps what happens to a relationship, and tells it: to the catalog, by the way of its state. */
import { workflowInfo } from '@temporalio/workflow';
import { type Actor, SOMEBODY } from '../model/actor';
import { addEvent, endEvent, type EventEnd, type EventKind, makeEvent } from '../model/events';
import type { RelationshipEvent } from '../model/events';
import { tellFailure } from './event-texts';
import type { RelationshipState } from '../model/relationship-state';
import { currentActor } from './actor';
import { toFailure } from './steps';

type About = Partial<Pick<RelationshipEvent, 'text' | 'target' | 'point' | 'workflowId' | 'changes'>>;

/** Ends an event that was begun. */
export type EndEvent = (end: Omit<EventEnd, 'endedAt'>) => void;

export class EventLog {
  /** @param changed it is to be told */
  constructor(
    private readonly state: RelationshipState,
    private readonly changed: () => void,
  ) {}

  /** It is over as it happens. */
  note(kind: EventKind, about: About = {}, actor?: Actor): void {
    this.begin(kind, about, actor)({ result: 'succeeded' });
  }

  /** @param actor by default who has sent the message that is being handled */
  begin(kind: EventKind, about: About = {}, actor = currentActor() ?? SOMEBODY): EndEvent {
    const { state } = this;
    // The same in every run of one relationship's life.
    const id = `${workflowInfo().firstExecutionRunId}/${(state.eventNumber ?? 0) + 1}`;
    const at = new Date().toISOString();
    addEvent(state, makeEvent({ ...about, id, relationship: state.name, kind, at, actor }));
    this.changed();
    return (end) => {
      endEvent(state, id, { ...end, endedAt: new Date().toISOString() });
      this.changed();
    };
  }
}

/** Of what has failed, or was cancelled. */
export function failedEnd(error: unknown): Parameters<EndEvent>[0] {
  const failure = toFailure(error, '');
  return { result: failure.type === 'Cancelled' ? 'cancelled' : 'failed', text: tellFailure(failure) };
}
