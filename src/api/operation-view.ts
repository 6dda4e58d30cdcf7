/** What the HTTP API tells of an operation and of a relationship, and what it lets tokens do. */
import type { Failure, Instant, Progress } from '../model/records';
import type { OperationKind, RelationshipStatus, Waiting } from '../model/status';
import type { RelationshipSummary } from '../model/summary';

export interface OperationView {
  workflowId: string;
  relationship: string;
  kind: OperationKind | 'drill';
  state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  startedAt: Instant;
  endedAt: Instant | null;
  /** What it is doing, by name. */
  phase: string | null;
  /** Whom it waits for. */
  waiting: Waiting | null;
  /** Those that it is for, where it leaves some out. */
  targets: string[] | null;
  /** The sum of its transfers that run now; null where none does, or none has told. */
  progress: Progress | null;
  failure: Pick<Failure, 'type' | 'message' | 'hint'> | null;
  /** Its page in the Temporal UI. */
  ui: string | null;
}

export interface RelationshipView {
  summary: RelationshipSummary;
  status: RelationshipStatus;
  /** Whether it was asked itself; else this is what it told last. */
  asked: 'relationship' | 'catalog';
  /** Why it could not be asked. */
  why: string | null;
  /** Its page in the Temporal UI. */
  ui: string | null;
}

export const ROLES = ['read', 'operate', 'approve'] as const;
export type Role = (typeof ROLES)[number];

export interface WhoAmI {
  /** Of the token; null where none is needed. */
  name: string | null;
  roles: Role[];
  actionsAllowed: boolean;
}

/** What may be asked of a relationship by HTTP. */
export const ACTIONS = [
  ...(['sync', 'pause', 'resume', 'approve', 'verify', 'drill'] as const),
  ...(['failover', 'relocate', 'reverse', 'cancel'] as const),
] as const;
export type Action = (typeof ACTIONS)[number];

/** What is asked for only by who types the relationship's name. */
export const CONFIRMED: readonly Action[] = ['failover', 'relocate', 'reverse'];

export function roleFor(action: Action): Role {
  return action === 'approve' ? 'approve' : 'operate';
}

export interface ActionAnswer {
  /** The workflow of what was started; null where nothing was, or nothing has begun yet. */
  operation: string | null;
  /** It was accepted, and waits for its turn. */
  pending: boolean;
  /** As the relationship said it. */
  answer: unknown;
}
