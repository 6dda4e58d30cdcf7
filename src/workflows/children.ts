/** How every operation is started as a child workflow: one id, one summary, and all search attributes. */
import { CancellationScope, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { makeOperationId } from '../model/names';
import type { SyncRecord } from '../model/records';
import { activeDocument, type RelationshipState } from '../model/relationship-state';
import type { Relationship } from '../model/spec';
import { operationSummary, SYNC_DETAILS } from '../model/static-texts';
import type { OperationKind } from '../model/status';
import { attributesOf } from './search-attributes';
import type { WantQueue } from './wants';

type Operation = NonNullable<RelationshipState['operation']>;

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
  /** What waits to be run. */
  wants: WantQueue;
  /** Updates the current details. */
  show: () => void;
  /** Brings the Schedule in step. `resume`: even where it is paused. */
  keepSchedule: (resume: boolean) => Promise<void>;
  /** Does a step while no spec is being taken. */
  inTurn: <T>(step: () => Promise<T>) => Promise<T>;
  /** Set while an operation runs: cancels it. */
  cancel?: () => void;
}

/** Runs one child workflow as the relationship's present operation. */
export async function runChild<Input, Result>(
  operations: Operations,
  kind: Operation['kind'],
  reason: SyncRecord['reason'],
  input: Input,
  onStarted: (workflowId: string, runId: string) => void,
  targets?: string[],
): Promise<Result> {
  const { state } = operations;
  const document = activeDocument(state);
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
    const { sequence } = state;
    const options = childOptions(document, { kind, sequence, reason, ...(targets && { targets }) });
    const scope = new CancellationScope();
    operations.cancel = () => scope.cancel();
    return await scope.run(async () => {
      const child = await startChild<(input: Input) => Promise<Result>>(kind, { ...options, args: [input] });
      onStarted(workflowId, child.firstExecutionRunId);
      return await child.result();
    });
  } finally {
    delete operations.cancel;
    delete state.operation;
  }
}
