/** How every operation is started as a child workflow: one id, one summary, and all search attributes. */
import { ParentClosePolicy } from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { makeOperationId } from '../model/names';
import type { SyncRecord } from '../model/records';
import type { Relationship } from '../model/spec';
import { operationSummary, SYNC_DETAILS } from '../model/static-texts';
import type { OperationKind } from '../model/status';
import { attributesOf } from './search-attributes';

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
