/** How every operation is started as a child workflow: one id, one summary, and all search attributes. */
import { CancellationScope, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { beginFetch, endFetch } from '../model/fetches';
import { makeOperationId } from '../model/names';
import type { SyncRecord } from '../model/records';
import { activeDocument, type RelationshipState } from '../model/relationship-state';
import type { Relationship } from '../model/spec';
import { operationSummary, SYNC_DETAILS } from '../model/static-texts';
import type { Operation, OperationKind } from '../model/status';
import type { EventLog } from './event-log';
import { attributesOf } from './search-attributes';
import type { WantQueue } from './wants';

export interface ChildOperation {
  kind: OperationKind | 'drill';
  /** The operation's number. */
  sequence: number;
  reason: SyncRecord['reason'];
  /** Where it is for some targets alone. */
  targets?: string[];
}

/** @param document as it is for this operation: oriented, if it is a sync that a switch runs */
export function childOptions(document: Relationship, operation: ChildOperation) {
  const { kind, sequence, reason, targets } = operation;
  const { name } = document.metadata;
  return {
    workflowId: makeOperationId(name, kind, sequence),
    // A relationship that is terminated takes its operation down with its clean-up, not without.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: operationSummary(kind, name, reason, targets),
    ...(kind === 'sync' && { staticDetails: SYNC_DETAILS }),
    typedSearchAttributes: attributesOf(document, kind),
  } satisfies ChildWorkflowOptions;
}

/** What running an operation needs of its relationship. */
export interface Operations {
  state: RelationshipState;
  log: EventLog;
  /** What waits to be run. */
  wants: WantQueue;
  /** Updates the current details. */
  show: () => void;
  /** Brings the Schedule in step. `resume`: even where it is paused. */
  keepSchedule: (resume: boolean) => Promise<void>;
  /** Does a step while no spec is being taken. */
  inTurn: <T>(step: () => Promise<T>) => Promise<T>;
  /** Something has changed that decides what comes next. */
  changed: () => void;
  /** How each workflow that runs is cancelled, by its id. */
  cancels: Map<string, () => void>;
}

/** Cancels all that runs. */
export function cancelAll({ cancels }: Operations): void {
  for (const cancel of cancels.values()) cancel();
}

/**
 * Runs one child workflow as the relationship's present operation.
 * @param isFetchAlone beside it, if there is one: the targets fetch from the hub, and the source has no part in it
 */
export async function runChild<Input, Result>(
  operations: Operations,
  kind: Operation['kind'],
  reason: SyncRecord['reason'],
  input: Input,
  onStarted: (workflowId: string, runId: string) => void,
  targets?: string[],
  isFetchAlone = false,
): Promise<Result> {
  const { state } = operations;
  const document = activeDocument(state);
  if (!document) throw new Error('an operation was started before a spec was accepted');
  const workflowId = makeOperationId(state.name, kind, state.sequence);
  const startedAt = new Date().toISOString();
  const operation: Operation = { kind, workflowId, startedAt, reason, ...(targets && { targets }) };
  if (isFetchAlone) beginFetch(state, { ...operation, targets: targets ?? [] });
  else state.operation = operation;
  try {
    const { sequence } = state;
    const options = childOptions(document, { kind, sequence, reason, ...(targets && { targets }) });
    const scope = new CancellationScope();
    operations.cancels.set(workflowId, () => scope.cancel());
    return await scope.run(async () => {
      const child = await startChild<(input: Input) => Promise<Result>>(kind, { ...options, args: [input] });
      onStarted(workflowId, child.firstExecutionRunId);
      return await child.result();
    });
  } finally {
    operations.cancels.delete(workflowId);
    if (state.operation?.workflowId === workflowId) delete state.operation;
    endFetch(state, workflowId);
  }
}
