/** Runs syncs as child workflows, and takes their results. */
import {
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import { decodeRecord, encodeFailure } from '../model/failure-wire';
import { makeFailure } from '../model/failure';
import { makeOperationId, makeSyncId } from '../model/names';
import type { Failure, SyncRecord } from '../model/records';
import { basesCapturedAt, basesOf } from '../model/bases';
import {
  chooseTargets,
  objectionToAwaited,
  objectionToNone,
  objectionToTargets,
} from '../model/choose-targets';
import { targetName } from '../model/endpoints';
import { fetchingTargets, isFetchAlone } from '../model/fetches';
import { hubOf, isByClock } from '../model/hub';
import { recordSyncEnd } from '../model/record-sync';
import { activeDocument, setNotice } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { nextRetryDelayMs } from '../model/retry';
import { nextTick } from '../model/schedules';
import type { Relationship, TargetSpec } from '../model/spec';
import { REFUSED_BY_STATE } from '../api/messages';
import { onControl, toFailure } from './steps';
import { type Operations, runChild } from './children';
import { replicatedTo } from '../model/takeovers';
import type { SyncInput } from './sync-context';
import type { SyncWant } from './wants';

/** What a sync that ended as a failed workflow said of itself: in its details. */
function recordIn(error: unknown): SyncRecord | undefined {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure || cause instanceof CancelledFailure)) return undefined;
  return decodeRecord(cause);
}

/** The clock is its reason already. */
const byWhom = ({ actor }: SyncWant) => (actor && actor.via !== 'schedule' ? { actor } : {});

/** The record of a sync that could not make one: it was terminated, or never began. */
function makeRecord(
  error: unknown,
  state: RelationshipState,
  {
    want,
    sequence,
    startedAt,
    runId,
  }: { want: SyncWant; sequence: number; startedAt: string; runId: string },
  targets: TargetSpec[],
): SyncRecord {
  const failure: Failure = isCancellation(error)
    ? makeFailure('Cancelled', 'cancelled')
    : toFailure(error, state.document?.spec.source.host ?? '');
  const result = failure.type === 'Cancelled' ? ('cancelled' as const) : ('failed' as const);
  return {
    syncId: makeSyncId(state.name, sequence),
    relationship: state.name,
    sequence,
    reason: want.reason,
    ...byWhom(want),
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
    workflowId: makeOperationId(state.name, 'sync', sequence),
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

function refuse(want: SyncWant, message: string): void {
  const refusal = ApplicationFailure.create(encodeFailure({ type: REFUSED_BY_STATE, message }));
  want.started.reject(refusal);
  want.ended.reject(refusal);
}

/** A want that the state does not allow any more. */
function reject(state: RelationshipState, want: SyncWant, message: string): void {
  setNotice(state, `Not done: ${message}`);
  refuse(want, message);
}

/** Which targets a sync is for that is wanted. Undefined: it was rejected, or there is nothing left of it. */
function choose(state: RelationshipState, document: Relationship, want: SyncWant): string[] | undefined {
  const none = objectionToNone(state);
  if (none !== undefined) {
    reject(state, want, none);
    delete state.retryAt;
    return undefined;
  }
  const waitedFor = objectionToAwaited(state, want.reason === 'request' ? want.targets : []);
  if (waitedFor !== undefined) {
    reject(state, want, waitedFor);
    delete state.retryAt;
    return undefined;
  }
  const { chosen } = chooseTargets(replicatedTo(document.spec.targets, state.takeover), want.targets);
  const objection = objectionToTargets(document.spec.targets, want.targets);
  // Targets may have gone from the spec while a sync that nobody asked for by name waited.
  if (objection !== undefined && (want.reason === 'request' || chosen.length === 0)) {
    reject(state, want, objection);
    if (want.reason === 'retry') delete state.retryAt;
    return undefined;
  }
  if (!state.fetches || !isByClock(want.reason)) return chosen;
  const fetching = fetchingTargets(state);
  const free = chosen.filter((name) => !fetching.includes(name));
  if (free.length > 0) return free;
  refuse(want, `${chosen.join(', ')}: a sync is running`);
  // The sync that runs plans it anew.
  if (want.reason === 'retry') delete state.retryAt;
  return undefined;
}

/** Runs a sync to its end. Never throws. */
async function runToEnd(
  operations: Operations,
  want: SyncWant,
  document: Relationship,
  chosen: string[],
): Promise<void> {
  const { state } = operations;
  const isBeside = isFetchAlone(document, chosen, want.reason);
  state.sequence++;
  const { epoch, sequence } = state;
  const syncId = makeSyncId(state.name, sequence);
  // It is for what is read of the source.
  const approved = !isBeside && state.approved;
  if (!isBeside) state.approved = false;
  const startedAt = new Date().toISOString();
  let record: SyncRecord;
  let runId = '';
  try {
    const input = {
      ...{ document, epoch, sequence, reason: want.reason, targets: chosen, approved },
      ...byWhom(want),
      ...{ bases: basesOf(state), basesCapturedAt: basesCapturedAt(state) },
    };
    const onStarted = (workflowId: string, started: string) => {
      runId = started;
      operations.show();
      want.started.resolve({ workflowId, syncId });
    };
    const some = chosen.length < document.spec.targets.length ? chosen : undefined;
    record = await runChild<SyncInput, SyncRecord>(
      ...([operations, 'sync', want.reason, input, onStarted, some, isBeside] as const),
    );
  } catch (error) {
    const tried = document.spec.targets.filter((target) => chosen.includes(targetName(target)));
    const own = recordIn(error);
    record = own ?? makeRecord(error, state, { want, sequence, startedAt, runId }, tried);
    if (!own) await recordForIt(record);
    // A start that was refused must not leave its caller waiting.
    want.started.resolve({ workflowId: record.workflowId, syncId });
  }
  recordSyncEnd(state, record, new Date().toISOString(), retryDelayMs(state));
  want.ended.resolve({ record });
}

/** Runs a sync until the next operation may begin: to its end, or until only targets are at work that fetch from the hub. */
export async function runSync(operations: Operations, want: SyncWant): Promise<void> {
  const { state } = operations;
  const document = activeDocument(state);
  const chosen = document && choose(state, document, want);
  if (!document || !chosen) return;
  const ended = runToEnd(operations, want, document, chosen);
  if (!hubOf(document)) return await ended;
  const workflowId = makeOperationId(state.name, 'sync', state.sequence);
  let isOver = false;
  void ended.finally(() => {
    isOver = true;
    operations.changed();
  });
  await condition(() => isOver || (state.fetches ?? []).some((fetch) => fetch.workflowId === workflowId));
}
