/** Starts the operations of a relationship as child workflows, one at a time, and takes their results. */
import { ChildWorkflowFailure, isCancellation, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { ApplicationFailure, CancelledFailure } from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { makeFailure } from '../model/failure';
import { makeOperationId, makeSyncId } from '../model/names';
import { nextRun } from '../model/next-run';
import type { Failure, SyncRecord } from '../model/records';
import { chooseTargets, hostsOf, recordSyncEnd } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { nextRetryDelayMs } from '../model/retry';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';
import type { Relationship } from '../model/spec';
import { operationSummary, SYNC_DETAILS } from '../model/static-texts';
import { REFUSED_BY_STATE } from './messages';
import { retire } from './retire';
import { toFailure } from './steps';
import type { SyncInput } from './sync';
import type { RestoreWant, SyncWant, VerifyWant, Want } from './wants';

type Operation = NonNullable<RelationshipState['operation']>;

function childOptions(
  document: Relationship,
  kind: Operation['kind'],
  workflowId: string,
  texts: Pick<ChildWorkflowOptions, 'staticSummary' | 'staticDetails'>,
): ChildWorkflowOptions {
  return {
    workflowId,
    // A relationship that is terminated takes its operation down with its clean-up, not without.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    ...texts,
    typedSearchAttributes: [
      { key: SEARCH_ATTRIBUTES.relationship, value: document.metadata.name },
      { key: SEARCH_ATTRIBUTES.operation, value: kind },
      { key: SEARCH_ATTRIBUTES.hosts, value: hostsOf(document) },
      { key: SEARCH_ATTRIBUTES.mover, value: Object.keys(document.spec.mover)[0] ?? '' },
    ],
  };
}

/** Runs one child workflow as the relationship's present operation. */
async function runChild<Input, Result>(
  state: RelationshipState,
  kind: Operation['kind'],
  reason: SyncRecord['reason'],
  input: Input,
  onStarted: (workflowId: string) => void,
  targets?: string[],
): Promise<Result> {
  const { document } = state;
  if (!document) throw new Error('an operation was started before a spec was accepted');
  const workflowId = makeOperationId(state.name, kind, state.sequence);
  state.operation = {
    kind,
    workflowId,
    startedAt: new Date().toISOString(),
    reason,
    ...(targets && { targets }),
  };
  try {
    const texts = {
      staticSummary: operationSummary(kind, state.name, reason, targets),
      ...(kind === 'sync' && { staticDetails: SYNC_DETAILS }),
    };
    const options = childOptions(document, kind, workflowId, texts);
    const child = await startChild<(input: Input) => Promise<Result>>(kind, { ...options, args: [input] });
    onStarted(workflowId);
    return await child.result();
  } finally {
    delete state.operation;
  }
}

/** The record of a sync that ended as a failed workflow: in its details, or else made up of its failure. */
function recordOf(error: unknown, state: RelationshipState, want: SyncWant, startedAt: string): SyncRecord {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : undefined;
  const record =
    cause instanceof ApplicationFailure || cause instanceof CancelledFailure
      ? (cause.details?.[0] as SyncRecord | undefined)
      : undefined;
  if (record?.syncId) return record;
  const failure: Failure = isCancellation(error)
    ? makeFailure('Cancelled', 'cancelled')
    : toFailure(error, state.document?.spec.source.host ?? '');
  return {
    syncId: makeSyncId(state.name, state.sequence),
    relationship: state.name,
    sequence: state.sequence,
    reason: want.reason,
    startedAt,
    endedAt: new Date().toISOString(),
    result: failure.type === 'Cancelled' ? 'cancelled' : 'failed',
    targets: [],
    failure,
    workflowId: makeOperationId(state.name, 'sync', state.sequence),
    runId: '',
  };
}

function retryDelayMs(state: RelationshipState): (consecutiveFailures: number) => number {
  const trigger = state.document?.spec.trigger;
  const tick = trigger?.schedule && nextRun(trigger.schedule, trigger.timezone, Date.now());
  return (consecutiveFailures) =>
    nextRetryDelayMs({
      consecutiveFailures,
      ...(tick && { msUntilNextTick: Date.parse(tick) - Date.now() }),
    });
}

async function runSync(state: RelationshipState, want: SyncWant, show: () => void): Promise<void> {
  const { document } = state;
  if (!document) return;
  const { chosen, unknown } = chooseTargets(document.spec.targets, want.targets);
  if (unknown.length > 0 && want.reason === 'request') {
    const refusal = ApplicationFailure.create({
      type: REFUSED_BY_STATE,
      message: `no target has the name or class ${unknown.join(', ')}`,
      nonRetryable: true,
    });
    state.notice = `Not done: ${refusal.message}`;
    want.started.reject(refusal);
    want.ended.reject(refusal);
    return;
  }
  state.sequence++;
  const syncId = makeSyncId(state.name, state.sequence);
  const { approved, epoch, sequence } = state;
  state.approved = false;
  const startedAt = new Date().toISOString();
  let record: SyncRecord;
  try {
    const input = { document, epoch, sequence, reason: want.reason, targets: chosen, approved };
    const onStarted = (workflowId: string) => {
      show();
      want.started.resolve({ workflowId, syncId });
    };
    const some = chosen.length < document.spec.targets.length ? chosen : undefined;
    record = await runChild<SyncInput, SyncRecord>(state, 'sync', want.reason, input, onStarted, some);
  } catch (error) {
    record = recordOf(error, state, want, startedAt);
    // A start that was refused must not leave its caller waiting.
    want.started.resolve({ workflowId: record.workflowId, syncId });
  }
  recordSyncEnd(state, record, new Date().toISOString(), retryDelayMs(state));
  want.ended.resolve({ record });
}

async function runPlain(
  state: RelationshipState,
  want: VerifyWant | RestoreWant,
  show: () => void,
): Promise<void> {
  const { document, epoch } = state;
  state.sequence++;
  const input = { document, epoch, sequence: state.sequence, request: want.request };
  try {
    await runChild(state, want.kind, 'request', input, (workflowId) => {
      show();
      want.started.resolve({ workflowId });
    });
    want.ended.resolve();
  } catch (error) {
    // Whoever asked reads the failure from the operation's own workflow.
    want.started.resolve({ workflowId: makeOperationId(state.name, want.kind, state.sequence) });
    want.ended.reject(error);
  }
}

/** Runs one operation to its end. Never throws: what became of it is in the state and in its own workflow. */
export async function runOperation(state: RelationshipState, want: Want, show: () => void): Promise<void> {
  if (!state.document) return;
  switch (want.kind) {
    case 'sync':
      return runSync(state, want, show);
    case 'verify':
    case 'restore':
      return runPlain(state, want, show);
    case 'retire':
      await retire(state);
      want.started.resolve({ workflowId: '' });
  }
}
