/** What others see of a relationship: in Temporal its current details and search attributes, and its state in the catalog. */
import { proxySinks, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { StateSinks, ToldState } from '../model/told-state';
import { renderRelationshipDetails } from '../model/details';
import { nextStatusChange, watchedOf } from '../model/health';
import type { Instant } from '../model/records';
import { activeDocument, isStopped, phaseOf, toStatus } from '../model/relationship-state';
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

const { states } = proxySinks<StateSinks>();

export class Display {
  private published = '';
  private toldStatus = '';
  /** By id: whether it was told as one that runs, or as one that is over. */
  private readonly toldEvents = new Map<string, boolean>();
  /** What the catalog was told last. */
  told: ToldState | null = null;
  private readonly alarm = new Alarm(() => this.show(), 'Update the status: an objective is missed by now');

  constructor(private readonly state: RelationshipState) {}

  /** Updates the current details, which costs no event of the history, and what the catalog knows. */
  show(): void {
    const { state } = this;
    const document = activeDocument(state);
    const next: Instant | undefined =
      document && !isStopped(state) ? nextTick(document.spec, Date.now()) : undefined;
    const isLaterRun = workflowInfo().continuedFromExecutionRunId !== undefined;
    setCurrentDetails(renderRelationshipDetails(state, Date.now(), next, isLaterRun));
    this.tell();
    // What time alone makes untrue is updated at that very instant.
    if (document && !state.retired)
      this.alarm.set(nextStatusChange(document, watchedOf(state).targets, Date.now()));
  }

  /** Every change of the state, to the catalog: costs no event of the history either. */
  private tell(): void {
    const status = toStatus(this.state);
    const text = JSON.stringify(status);
    const { events = [] } = this.state;
    const fresh = events.filter(({ id, endedAt }) => this.toldEvents.get(id) !== (endedAt !== null));
    if (!status || (text === this.toldStatus && fresh.length === 0)) return;
    this.toldStatus = text;
    for (const { id, endedAt } of fresh) this.toldEvents.set(id, endedAt !== null);
    // A copy: what is told must not change before it is read.
    const told = { status: JSON.parse(text) as typeof status, at: new Date().toISOString() };
    this.told = { ...told, events: [...events] };
    states.tell({ ...told, ...(fresh.length > 0 && { events: fresh }) });
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
