/** Keeps the targets of a relationship what its selectors mean, as agents come, and change their labels. */
import { condition } from '@temporalio/workflow';
import { isSwitch, objectionTo } from '../model/document-change';
import { activeDocument, applyDocument, heldHosts, setNotice } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { noteSelection } from '../model/selections';
import type { Relationship } from '../model/spec';
import { onControl, toFailure } from './steps';
import { dropEndpoints, keepSchedule, withDocument } from './take-document';
import type { WantQueue } from './wants';

/** Whoever waits for nothing else may wait long: the catalog comes back some time. */
const PATIENT = { scheduleToCloseTimeout: '30d' } as const;

const isSwitching = ({ operation }: RelationshipState) => operation !== undefined && isSwitch(operation.kind);

/** What the control worker has found that the selectors mean. */
interface Selected {
  document: Relationship;
  conflicts: string[];
}

/** Takes what was selected for a document. False: that is no longer the one, or its primary has begun to change. */
async function take(
  state: RelationshipState,
  wants: WantQueue,
  old: Relationship,
  { document, conflicts }: Selected,
): Promise<boolean> {
  const isOutdated = () => state.document !== old || isSwitching(state);
  if (state.retired) return true;
  if (isOutdated()) return false;
  const objection = objectionTo(state, document);
  if (objection !== undefined) {
    noteSelection(state, old, [...conflicts, objection], new Date().toISOString());
  } else if (JSON.stringify(document) !== JSON.stringify(old)) {
    const next = withDocument(state, document);
    const active = activeDocument(next);
    await Promise.all([
      keepSchedule(next),
      ...(active ? [onControl('Record in the catalog').recordRelationship(active)] : []),
    ]);
    if (isOutdated()) return false;
    const former = activeDocument(state);
    const added = applyDocument(state, document);
    if (added.length > 0) wants.sync('changed', added);
    noteSelection(state, old, conflicts, new Date().toISOString());
    await dropEndpoints(state, old, former, document);
  } else noteSelection(state, old, conflicts, new Date().toISOString());
  return true;
}

/** Asks once more what selectors mean, whenever that may have changed; one question serves all who asked before it. */
export class Reselector {
  private isAsked = false;
  private isAtWork = false;

  /** @param inTurn does a step once those before it are done */
  constructor(
    private readonly state: RelationshipState,
    private readonly wants: WantQueue,
    private readonly inTurn: (step: () => Promise<boolean>) => Promise<boolean>,
  ) {}

  /** Nothing is being looked for. */
  get isIdle(): boolean {
    return !this.isAtWork;
  }

  /** @returns once the targets are what the selectors mean; while the primary changes, that waits */
  async ask(): Promise<void> {
    this.isAsked = true;
    if (this.isAtWork) return;
    this.isAtWork = true;
    try {
      while (this.isAsked && !this.state.retired) await this.look();
    } catch (error) {
      const { message } = toFailure(error, '');
      setNotice(this.state, `Which hosts its selectors mean could not be found out: ${message}`);
    } finally {
      this.isAtWork = false;
    }
  }

  private async look(): Promise<void> {
    const { state, wants } = this;
    await condition(() => state.retired || !isSwitching(state));
    this.isAsked = false;
    const { document: old } = state;
    if (!old?.spec.selecting || state.retired) return;
    const selected = await onControl('Look which hosts its selectors mean', PATIENT).selectHosts({
      document: old,
      held: heldHosts(state),
    });
    if (!(await this.inTurn(() => take(state, wants, old, selected)))) this.isAsked = true;
  }
}
