/** A `RelationshipOperation` of the API server, and what it asks of its relationship. Pure. */
import type { ClusterObject } from '../hosts/cluster/objects';
import type { Instant } from '../model/records';
import { API_VERSION } from './definition';

/** What may be asked for, each by one key of the spec. */
export interface OperationSpec {
  /** The name of the resource, in the same namespace. */
  relationship: string;
  sync?: { targets?: string[] };
  verify?: { target?: string; point?: string };
  restore?: {
    point: string;
    target?: string;
    path?: string;
    overwrite?: boolean;
    to: { host: string; path: string };
  };
  failover?: { target?: string; point?: string; acceptIncomplete?: boolean };
  relocate?: { target?: string };
  reverse?: { acceptDiverged?: boolean };
  drill?: { target?: string; point?: string };
  approve?: { by?: string };
  pause?: object;
  resume?: object;
}

export const OPERATIONS = [
  ...['sync', 'verify', 'restore', 'failover', 'relocate', 'reverse', 'drill'],
  ...['approve', 'pause', 'resume'],
] as const;

export type OperationPhase = 'Running' | 'Waiting' | 'Succeeded' | 'Failed' | 'Cancelled';

/** How an operation stands that was begun. */
export type Outcome =
  { phase: 'Running' } | { phase: Exclude<OperationPhase, 'Running' | 'Waiting'>; message: string };

export interface OperationStatus {
  phase?: OperationPhase;
  message?: string;
  /** Of the operation, in Temporal. */
  workflow?: string;
  startedAt?: Instant;
  endedAt?: Instant;
  conditions?: readonly {
    type: 'Complete';
    status: 'True' | 'False';
    reason: OperationPhase;
    message: string;
    lastTransitionTime: Instant;
  }[];
}

export interface OperationResource extends ClusterObject {
  spec?: OperationSpec;
  status?: OperationStatus;
}

export const OPERATION_RESOURCE = {
  apiVersion: API_VERSION,
  kind: 'RelationshipOperation',
  plural: 'relationshipoperations',
} as const;

/** An update of the relationship, and what it is told. */
export interface OperationUpdate {
  update: string;
  argument?: unknown;
}

const withPoint = ({ point, ...others }: { point?: string }) => ({
  ...others,
  ...(point !== undefined && { pointId: point }),
});

/** Undefined where none is asked for. @param by who asks, where that is to be told */
export function updateOf(spec: OperationSpec, by: string): OperationUpdate | undefined {
  const { sync, verify, restore, failover, relocate, reverse, drill, approve, pause, resume } = spec;
  if (sync) return { update: 'sync', argument: sync };
  if (verify) return { update: 'verify', argument: withPoint(verify) };
  if (restore) return { update: 'restore', argument: withPoint(restore) };
  if (failover) return { update: 'failover', argument: withPoint(failover) };
  if (relocate) return { update: 'relocate', argument: relocate };
  if (reverse) return { update: 'reverse', argument: reverse };
  if (drill) return { update: 'drill', argument: withPoint(drill) };
  if (approve) return { update: 'approve', argument: { by: approve.by ?? by } };
  if (pause) return { update: 'pause' };
  return resume && { update: 'resume' };
}

const OVER: readonly OperationPhase[] = ['Succeeded', 'Failed', 'Cancelled'];

export const isOver = ({ phase }: OperationStatus): boolean => phase !== undefined && OVER.includes(phase);

/** The status once it is in this phase. */
export function enterPhase(
  former: OperationStatus,
  { phase, message, workflow }: { phase: OperationPhase; message: string; workflow?: string },
  at: Instant,
): OperationStatus {
  const over = OVER.includes(phase);
  const status = over ? 'True' : 'False';
  const [before] = former.conditions ?? [];
  const followed = workflow ?? former.workflow;
  return {
    ...{ phase, message, startedAt: former.startedAt ?? at },
    ...(followed !== undefined && { workflow: followed }),
    ...(over && { endedAt: former.endedAt ?? at }),
    conditions: [
      {
        ...{ type: 'Complete', status, reason: phase, message },
        lastTransitionTime: before?.status === status ? before.lastTransitionTime : at,
      },
    ],
  };
}
