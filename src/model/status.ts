/** What a relationship answers to the query `status`, and what users see of it. Pure data. */
import type { Failure, Instant, SyncRecord } from './records';
import type { Relationship } from './spec';

export type Phase =
  | 'Applying'
  | 'Idle'
  | 'Paused'
  | 'Syncing'
  | 'Verifying'
  | 'Restoring'
  /** The last sync failed; a fresh one starts by itself at `retryAt`. */
  | 'Retrying'
  /** No agent answers for a host; a fresh sync starts as soon as it is back. */
  | 'WaitingForHost'
  /** A guard stopped the sync; `tidemark approve` lets it through. */
  | 'WaitingForApproval'
  | 'Retired';

export interface TargetStatus {
  name: string;
  host: string;
  volume: string;
  result: 'never' | 'succeeded' | 'failed' | 'cancelled' | 'external';
  /** Id and capture time of the newest recovery point. */
  recoveryPoint?: string;
  capturedAt?: Instant;
  lastError?: Failure;
}

export interface LastSync {
  syncId: string;
  result: SyncRecord['result'];
  startedAt: Instant;
  endedAt: Instant;
  /** Bytes on the wire to all targets. */
  bytes: number;
  /** Entries changed at all targets. */
  files: number;
  durationSeconds: number;
}

export interface RelationshipStatus {
  name: string;
  document: Relationship;
  phase: Phase;
  paused: boolean;
  direction: 'forward';
  epoch: number;
  /** Number of the last operation. */
  sequence: number;
  /** The operation that runs now. */
  operation?: {
    kind: 'sync' | 'verify' | 'restore';
    workflowId: string;
    startedAt: Instant;
    reason: string;
    /** Of a sync that leaves targets out: those that it is for. */
    targets?: string[];
  };
  targets: TargetStatus[];
  lastSync?: LastSync;
  /** What a guard stopped, and why; for `tidemark approve`. */
  approval?: { reason: string; since: Instant };
  consecutiveFailures: number;
  retryAt?: Instant;
  missedTicks: number;
  warnings: string[];
}
