/** What Temporal shows of a relationship: its current details and search attributes. */
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { renderRelationshipDetails } from '../model/details';
import { nextStatusChange, watchedOf } from '../model/health';
import type { Instant } from '../model/records';
import { activeDocument, isStopped, phaseOf } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { nextTick } from '../model/schedules';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';
import type { Relationship } from '../model/spec';
import { Alarm } from './alarm';
import { placeAttributes } from './search-attributes';

function searchAttributesOf(state: RelationshipState, document: Relationship) {
  return [
    { key: SEARCH_ATTRIBUTES.phase, value: phaseOf(state) },
    ...placeAttributes(document),
    ...(state.lastSync ? [{ key: SEARCH_ATTRIBUTES.result, value: state.lastSync.result }] : []),
  ];
}

export class Display {
  private published = '';
  private readonly alarm = new Alarm(() => this.show(), 'Update the status: an objective is missed by now');

  constructor(private readonly state: RelationshipState) {}

  /** Updates the current details: costs no event of the history. */
  show(): void {
    const { state } = this;
    const document = activeDocument(state);
    const next: Instant | undefined =
      document && !isStopped(state) ? nextTick(document.spec, Date.now()) : undefined;
    const isLaterRun = workflowInfo().continuedFromExecutionRunId !== undefined;
    setCurrentDetails(renderRelationshipDetails(state, Date.now(), next, isLaterRun));
    // What time alone makes untrue is updated at that very instant.
    if (document && !state.retired)
      this.alarm.set(nextStatusChange(document, watchedOf(state).targets, Date.now()));
  }

  stop(): void {
    this.alarm.stop();
  }

  /** The details, and the search attributes where they have changed. */
  publish(): void {
    this.show();
    const document = activeDocument(this.state);
    if (!document) return;
    const attributes = searchAttributesOf(this.state, document);
    const now = JSON.stringify(attributes.map(({ value }) => value));
    // Every upsert is an event in the history: one that changes nothing is left out.
    if (now !== this.published) upsertSearchAttributes(attributes);
    this.published = now;
  }
}
