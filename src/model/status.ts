/** What a relationship answers to the query `status`, and what users see of it. Pure data. */
import type { Approvals } from './approvals';
import type { LeftOut } from './left-out';
import type { Failure, Instant, SyncRecord } from './records';
import type { Relationship } from './spec';
import type { ReadBack } from './store-failover';
import type { Vanished } from './vanished';

/** Every phase that there is. */
export const PHASES = [
  'Applying',
  'Idle',
  'Paused',
  'Syncing',
  'Verifying',
  'Restoring',
  /** The last sync failed; a new one starts automatically at `retryAt`. */
  'Retrying',
  /** No agent answers for a host; a fresh sync starts as soon as it is back. */
  'WaitingForHost',
  'AwaitingPush',
  /** A guard stopped the sync; `tidemark approve` lets it through. */
  'WaitingForApproval',
  'FailingOver',
  'Relocating',
  'Reversing',
  /** A change of the primary can't proceed; `tidemark resume` has it try again. */
  'Parked',
  /** A target has taken over, and the old primary is no copy until `tidemark reverse`; others are replicated to. */
  'FailedOver',
  'Retired',
  /** Its workflow was ended, and nobody deleted it: `tidemark apply` brings it back. */
  'Vanished',
] as const;
export type Phase = (typeof PHASES)[number];

export type OperationKind = 'sync' | 'verify' | 'restore' | 'failover' | 'relocate' | 'reverse';

/** What an operation waits for a person to do. */
export interface Waiting {
  /** `tidemark approve` or `tidemark resume`. */
  for: 'approve' | 'resume';
  /** Why, with everything that is needed to act on it. */
  text: string;
  since: Instant;
  /** Of `approve`: who has approved so far. */
  approvals?: Approvals;
}

/** A target took over. */
export interface Takeover {
  /** Who is primary now, and who was: names of targets, before and after. */
  target: string;
  from: string;
  /** What the new primary went back to. Null where an incomplete copy was accepted. */
  pointId: string | null;
  capturedAt: Instant | null;
  at: Instant;
  workflowId: string;
  /** The old primary has been told that it is no longer primary. */
  fenced: boolean;
  /** Why it has not, or what it could not do. */
  fencing?: string;
  /** An earlier takeover whose old primary has not come back either. */
  before?: Takeover;
}

export interface DrillOutcome {
  target: string;
  pointId: string | null;
  startedAt: Instant;
  endedAt: Instant;
  result: 'succeeded' | 'failed' | 'cancelled';
  /** From the start to a service that answers, in seconds: the measured recovery time. Null where none did, or no hook looked. */
  rtoSeconds: number | null;
  /** How the clone was made. */
  how?: 'Snapshot' | 'Clone' | 'Copy';
  failure?: Failure;
  workflowId: string;
}

export interface TargetStatus {
  name: string;
  host: string;
  volume: string;
  result: 'never' | 'succeeded' | 'failed' | 'cancelled';
  /** The sync that brought the newest recovery point: what it froze at the source is the next one's base. */
  baseSyncId?: string;
  /** Why the source keeps that no longer, until a sync of this target succeeds. */
  givenUp?: string;
  /** Id and capture time of the newest recovery point. */
  recoveryPoint?: string;
  capturedAt?: Instant;
  /** Bytes of the files in it, as long as they are. */
  pointBytes?: number;
  /**
   * That point was the only copy there, and a transfer has begun to write over it that did not end well: what lies there may be
   * of two states, until a sync succeeds.
   */
  torn?: true;
  /** Of a store: when a point of it was last read back whole. */
  readBack?: ReadBack;
  /** What of the source that point does not hold. */
  leftOut?: LeftOut[];
  lastError?: Failure;
  /** What was wrong there though its last sync succeeded. */
  warning?: string;
  /** When what no point needs was last removed there, of kinds that do that from time to time. */
  prunedAt?: Instant;
  /** Of the sync that this is from: syncs of other targets may have ended since. */
  sequence?: number;
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

/** An operation that runs. */
export interface Operation {
  kind: OperationKind;
  workflowId: string;
  startedAt: Instant;
  reason: string;
  /** Of a sync that leaves targets out: those that it is for. */
  targets?: string[];
  /** What it is doing, by name. */
  phase?: string;
  waiting?: Waiting;
}

/** A sync of which nothing is left to do but what these targets fetch. */
export type Fetch = Operation & { targets: string[] };

export interface RelationshipStatus {
  name: string;
  /** As it holds now: in reverse, the primary stands as its source. */
  document: Relationship;
  phase: Phase;
  /** Set by whoever asks: a workflow that has ended can't know it. */
  vanished?: Vanished;
  paused: boolean;
  /** `reversed` while a target of the spec is the primary. */
  direction: 'forward' | 'reversed';
  /** What a drill is, or was. */
  drill?: { workflowId: string; startedAt: Instant };
  lastDrill?: DrillOutcome;
  drillSchedule?: string;
  /** Who took over, until replication goes on in the new direction. */
  takeover?: Takeover;
  /** Something that is worth knowing, and was said to nobody. */
  notice?: string;
  epoch: number;
  /** Number of the last operation. */
  sequence: number;
  /** The operation that runs now. */
  operation?: Operation;
  /** Syncs in which only targets are still at work that fetch from the hub; other operations run beside them. */
  fetches?: Fetch[];
  targets: TargetStatus[];
  lastSync?: LastSync;
  /** What a guard stopped, and why; for `tidemark approve`. */
  approval?: { reason: string; since: Instant };
  consecutiveFailures: number;
  retryAt?: Instant;
  missedTicks: number;
  warnings: string[];
}
