/** Starts the operations of a relationship as child workflows, one at a time, and takes their results. */
import {
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
} from '@temporalio/workflow';
import { decodeRecord, encodeFailure } from '../model/failure-wire';
import { makeFailure } from '../model/failure';
import { makeOperationId, makeSyncId } from '../model/names';
import type { Failure, SyncRecord } from '../model/records';
import { primaryName } from '../model/orientation';
import { basesCapturedAt, basesOf } from '../model/bases';
import { chooseTargets, objectionToAwaited, objectionToTargets } from '../model/choose-targets';
import { targetName } from '../model/endpoints';
import { recordSyncEnd } from '../model/record-sync';
import { activeDocument, setNotice } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { nextRetryDelayMs } from '../model/retry';
import { nextTick } from '../model/schedules';
import type { TargetSpec } from '../model/spec';
import { REFUSED_BY_STATE } from '../api/messages';
import { retire } from './retire';
import { onControl, toFailure } from './steps';
import { type Operations, runChild } from './children';
import { runFence, runSwitch } from './switch-operations';
import { replicatedTo } from '../model/takeovers';
import type { SyncInput } from './sync-context';
import type { RestoreWant, SyncWant, VerifyWant, Want } from './wants';

/** What a sync that ended as a failed workflow said of itself: in its details. */
function recordIn(error: unknown): SyncRecord | undefined {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure || cause instanceof CancelledFailure)) return undefined;
  return decodeRecord(cause);
}

/** The record of a sync that could not make one: it was terminated, or never began. */
function makeRecord(
  error: unknown,
  state: RelationshipState,
  { want, startedAt, runId }: { want: SyncWant; startedAt: string; runId: string },
  targets: TargetSpec[],
): SyncRecord {
  const failure: Failure = isCancellation(error)
    ? makeFailure('Cancelled', 'cancelled')
    : toFailure(error, state.document?.spec.source.host ?? '');
  const result = failure.type === 'Cancelled' ? ('cancelled' as const) : ('failed' as const);
  return {
    syncId: makeSyncId(state.name, state.sequence),
    relationship: state.name,
    sequence: state.sequence,
    reason: want.reason,
    startedAt,
    endedAt: new Date().toISOString(),
    result,
    targets: targets.map((target) => ({
      name: targetName(target),
      host: target.host,
      result,
      attempts: 0,
      failure,
    })),
    failure,
    workflowId: makeOperationId(state.name, 'sync', state.sequence),
    runId,
  };
}

/** Records what a sync could not record itself. Where the catalog is away for long, that is left out there. */
async function recordForIt(record: SyncRecord): Promise<void> {
  await onControl('Record in the catalog')
    .recordSync(record)
    .catch(() => undefined);
}

function retryDelayMs(state: RelationshipState): (consecutiveFailures: number) => number {
  const document = activeDocument(state);
  const tick = document && nextTick(document.spec, Date.now());
  return (consecutiveFailures) =>
    nextRetryDelayMs({
      consecutiveFailures,
      ...(tick && { msUntilNextTick: Date.parse(tick) - Date.now() }),
    });
}

/** A want that the state does not allow any more. */
function reject(state: RelationshipState, want: SyncWant, message: string): void {
  const refusal = ApplicationFailure.create(encodeFailure({ type: REFUSED_BY_STATE, message }));
  setNotice(state, `Not done: ${message}`);
  want.started.reject(refusal);
  want.ended.reject(refusal);
}

async function runSync(operations: Operations, want: SyncWant): Promise<void> {
  const { state } = operations;
  const document = activeDocument(state);
  if (!document) return;
  const waitedFor = objectionToAwaited(state, want.reason === 'request' ? want.targets : []);
  if (waitedFor !== undefined) {
    reject(state, want, waitedFor);
    delete state.retryAt;
    return;
  }
  const targets = replicatedTo(document.spec.targets, state.takeover);
  const { chosen } = chooseTargets(targets, want.targets);
  const objection = objectionToTargets(document.spec.targets, want.targets);
  // Targets may have gone from the spec while a sync that nobody asked for by name waited.
  if (objection !== undefined && (want.reason === 'request' || chosen.length === 0)) {
    reject(state, want, objection);
    if (want.reason === 'retry') delete state.retryAt;
    return;
  }
  state.sequence++;
  const syncId = makeSyncId(state.name, state.sequence);
  const { approved, epoch, sequence } = state;
  state.approved = false;
  const startedAt = new Date().toISOString();
  let record: SyncRecord;
  let runId = '';
  try {
    const input = {
      ...{ document, epoch, sequence, reason: want.reason, targets: chosen, approved },
      ...{ bases: basesOf(state), basesCapturedAt: basesCapturedAt(state) },
    };
    const onStarted = (workflowId: string, started: string) => {
      runId = started;
      operations.show();
      want.started.resolve({ workflowId, syncId });
    };
    const some = chosen.length < document.spec.targets.length ? chosen : undefined;
    record = await runChild<SyncInput, SyncRecord>(operations, 'sync', want.reason, input, onStarted, some);
  } catch (error) {
    const tried = targets.filter((target) => chosen.includes(targetName(target)));
    const own = recordIn(error);
    record = own ?? makeRecord(error, state, { want, startedAt, runId }, tried);
    if (!own) await recordForIt(record);
    // A start that was refused must not leave its caller waiting.
    want.started.resolve({ workflowId: record.workflowId, syncId });
  }
  recordSyncEnd(state, record, new Date().toISOString(), retryDelayMs(state));
  want.ended.resolve({ record });
}

async function runPlain(operations: Operations, want: VerifyWant | RestoreWant): Promise<void> {
  const { state } = operations;
  const { epoch } = state;
  const document = activeDocument(state);
  const primary = state.document && primaryName(state.document, state.primary);
  state.sequence++;
  const input = { document, primaryName: primary, epoch, sequence: state.sequence, request: want.request };
  try {
    await runChild(operations, want.kind, 'request', input, (workflowId) => {
      operations.show();
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
export async function runOperation(operations: Operations, want: Want): Promise<void> {
  const { state } = operations;
  if (!state.document) return;
  switch (want.kind) {
    case 'sync':
      return runSync(operations, want);
    case 'verify':
    case 'restore':
      return runPlain(operations, want);
    case 'failover':
    case 'relocate':
    case 'reverse':
      return runSwitch(operations, want);
    case 'fence':
      return runFence(operations);
    case 'retire':
      await operations.inTurn(() => retire(state));
      want.started.resolve({ workflowId: '' });
  }
}
