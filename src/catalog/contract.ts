/**
 * The catalog: what happened and what can be recovered, kept in SQL for longer than Temporal keeps
 * its histories. The control worker owns it; everybody else asks over HTTP.
 */
import type { EventKind, EventResult, RelationshipEvent } from '../model/events';
import type { ToldState } from '../model/told-state';
import type { Labels } from '../model/labels';
import type { LeftOut } from '../model/left-out';
import type { Instant, PointMethod, SyncRecord, TargetOutcome } from '../model/records';
import type { Relationship, SourceSpec } from '../model/spec';
import type { RelationshipStatus } from '../model/status';
import type { ScheduleTrouble } from '../model/summary';
import type { Vanished } from '../model/vanished';
import type { NoticesCatalog } from './notices-contract';

/** How one target fared in one sync of the history. */
export interface TargetEntry {
  name: string;
  host: string;
  result: TargetOutcome['result'];
  /** What the transfer was: full, incremental, resumed. */
  how: string | null;
  /** Bytes on the wire, both directions. This and what follows: null where no transfer was completed. */
  bytesSent: number | null;
  /** Bytes of file data that differed. */
  bytesChanged: number | null;
  filesChanged: number | null;
  filesDeleted: number | null;
  /** What a transfer that failed or was cancelled had gone through: at most that was sent. Null where not known. */
  reachedBytes: number | null;
  attempts: number;
  /** Seconds of the transfer alone; null where none was completed. */
  durationSeconds: number | null;
  /** Id of the recovery point that this sync made. */
  recoveryPoint: string | null;
  errorType: string | null;
  error: string | null;
  toolMessage: string | null;
  hint: string | null;
  /** What of the source it did not carry. */
  leftOut: LeftOut[];
}

/** One sync of the history. */
export interface SyncEntry {
  /** Number of the row, growing in the order in which syncs were recorded; what `before` takes. */
  id: number;
  syncId: string;
  relationship: string;
  sequence: number;
  reason: SyncRecord['reason'];
  startedAt: Instant;
  capturedAt: Instant | null;
  endedAt: Instant;
  durationSeconds: number;
  result: SyncRecord['result'];
  /** Why the sync as a whole failed, where it was not one target's fault. */
  errorType: string | null;
  error: string | null;
  hint: string | null;
  workflowId: string;
  runId: string;
  /** In the order of the spec. */
  targets: TargetEntry[];
}

/** A recovery point as the catalog knows it. */
export interface PointEntry {
  id: string;
  target: string;
  syncId: string;
  capturedAt: Instant;
  publishedAt: Instant;
  /** When it was last found equal to the source's copy; null for never. */
  verified: Instant | null;
  keptBecause: string[];
  bytes: number;
  files: number;
  method: PointMethod;
  /** Proves two states equal. */
  identity: string;
  /** What of the source it does not hold. */
  leftOut: LeftOut[];
  /**
   * Set by whoever answers over HTTP: it is an only copy, and may not be whole since a sync broke off. Null: it is one, and the
   * relationship could not be asked.
   */
  torn?: boolean | null;
}

/** One target of a relationship, as far as syncs were recorded. */
export interface TargetFreshness {
  name: string;
  host: string;
  /** Newest recovery point and its capture time; null before the first. */
  recoveryPoint: string | null;
  capturedAt: Instant | null;
  /** How the last sync that it was part of ended for it, and why it failed; null before the first. */
  result: TargetOutcome['result'] | null;
  errorType: string | null;
}

/** A relationship as it was last applied. */
export interface RelationshipEntry {
  name: string;
  document: Relationship;
  createdAt: Instant;
  changedAt: Instant;
  /** When it was deleted; its history stays. */
  retiredAt: Instant | null;
  source: { host: string; volume: string; copyMethod: SourceSpec['copyMethod'] };
  /** The targets of the document, in its order. */
  targets: TargetFreshness[];
}

/** Upper bounds, in seconds, of the histogram of sync durations. A sync is counted in the first that holds it. */
export const DURATION_BUCKETS = [
  1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400,
] as const;

/** Sums over the whole life of a live relationship and all syncs of one result. */
export interface SyncTotals {
  relationship: string;
  result: SyncRecord['result'];
  syncs: number;
  durationSeconds: number;
  bytesSent: number;
  filesChanged: number;
}

/** How long all syncs of one result took that were ever recorded. */
export interface SyncDurations extends Pick<SyncTotals, 'result' | 'syncs' | 'durationSeconds'> {
  /** Syncs per bucket of {@link DURATION_BUCKETS}, not cumulative; one more for those above the last bound. */
  durationCounts: number[];
}

/** The recovery points of one target. */
export interface PointTotals {
  relationship: string;
  target: string;
  /** At least one. */
  points: number;
  oldestCapturedAt: Instant;
}

/** What metrics are made of; it outlives restarts. Live relationships only; what is zero may be left out. */
export interface Totals {
  syncs: SyncTotals[];
  missedTicks: { relationship: string; count: number }[];
  points: PointTotals[];
}

/** What a relationship told of itself last. */
export interface StateEntry {
  name: string;
  revision: StateRevision['revision'];
  status: RelationshipStatus;
  /** When it last changed, by Temporal's clock. */
  toldAt: Instant;
  /** How its workflow ended, where nobody deleted it. Null while it runs. */
  vanished: Vanished | null;
  scheduleTrouble: ScheduleTrouble | null;
}

/** What a look at Temporal found of a relationship, which it can't know itself; what is left out stays as it is. */
export type FoundState = Pick<StateEntry, 'name'> & Partial<Pick<StateEntry, 'vanished' | 'scheduleTrouble'>>;

/** Told apart from every other state of any relationship. */
export interface StateRevision {
  name: string;
  revision: number;
}

/** Which part of a history. */
export interface HistoryQuery {
  /** At most so many syncs. */
  limit: number;
  /** Only what was recorded before the row of this `id`, or what started before this instant. */
  before?: number | Instant | undefined;
}

/** Which events. */
export interface EventsQuery {
  relationship?: string | undefined;
  /** Also `sync`; by default all. */
  kinds?: readonly EventEntry['kind'][] | undefined;
  /** What began at that instant, or later. */
  since?: Instant | undefined;
  /** What the page before said was next. */
  before?: string | undefined;
  limit: number;
}

/** Something that happened to a relationship; of a sync, also what is recorded of that. */
export interface EventEntry extends Omit<RelationshipEvent, 'kind' | 'result'> {
  kind: EventKind | 'sync';
  result: EventResult | SyncRecord['result'] | null;
  sync: SyncEntry | null;
}

export interface EventsPage {
  /** Newest first. */
  events: EventEntry[];
  /** What `before` takes for the next page; null for the last one. */
  next: string | null;
}

/** What the agent of a host told of itself last. */
export interface AgentEntry {
  host: string;
  /** Null: somebody has it forgotten, and it has not told anything since. */
  labels: Labels | null;
  /** By Temporal's clock. */
  toldAt: Instant;
}

/**
 * Every `record…` can be repeated: the second call changes nothing, and it has returned only once the
 * record would survive a kill of this process. All throw TidemarkError `ToolFailed`, retryable, where
 * the database does not answer.
 */
export interface Catalog extends NoticesCatalog {
  /** Applied or changed. A name that was retired starts again: `createdAt` is then now. */
  recordRelationship(document: Relationship): Promise<void>;
  recordRetired(name: string): Promise<void>;
  /**
   * One sync, all or nothing; told apart by run id and sync id. `targets[].points` become the target's set of points; verification dates are kept.
   */
  recordSync(record: SyncRecord): Promise<void>;
  recordVerified(input: {
    relationship: string;
    target: string;
    pointId: string;
    /** Null: it was found to be damaged. */
    at: Instant | null;
  }): Promise<void>;
  /** A tick fell into a running operation; told apart by its instant. */
  recordMissedTick(relationship: string, at: Instant): Promise<void>;
  /** An agent has told what it is called by; what was told earlier never replaces what was told later. */
  recordAgent(agent: AgentEntry): Promise<void>;
  /** All that have ever told anything, sorted by host. */
  agents(): Promise<AgentEntry[]>;
  /**
   * What relationships have told of themselves, and of what happened to them. What was told earlier never replaces what was told later; one that is
   * deleted has no state from then on. Survives a kill of this process; what a power failure takes, a look at Temporal finds.
   */
  recordStates(told: readonly ToldState[]): Promise<void>;
  /** What was found of relationships that have told something; of others it is dropped. */
  recordFound(found: readonly FoundState[]): Promise<void>;
  /** It was deleted, and could not tell. */
  removeState(name: string): Promise<void>;
  /** Of all that have a state, sorted by name: what was read before need not be read again. */
  stateRevisions(): Promise<StateRevision[]>;
  /** Of these relationships, or of all; in no order. */
  states(names?: readonly string[]): Promise<StateEntry[]>;
  /** Newest first, also of retired relationships. */
  events(query: EventsQuery): Promise<EventsPage>;
  /** The highest sequence of any sync recorded under this name, retired lives included; 0 for none. */
  lastSequence(name: string): Promise<number>;
  /** Newest first, also of a retired relationship; empty for an unknown name. */
  history(name: string, query: HistoryQuery): Promise<SyncEntry[]>;
  /** Newest first, all targets or one. */
  points(name: string, target?: string): Promise<PointEntry[]>;
  /** Sorted by name; retired ones only where asked for. */
  relationships(options?: { retired?: boolean }): Promise<RelationshipEntry[]>;
  /** In no order; retired ones only where asked for. */
  relationshipNames(options?: { retired?: boolean }): Promise<string[]>;
  /** Of these relationships, or of all. */
  totals(names?: readonly string[]): Promise<Totals>;
  /** Of relationships that were deleted, too: these sums never shrink. */
  syncDurations(): Promise<SyncDurations[]>;
  /** The database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Where the catalog lives: in a folder of this process, or in a PostgreSQL. */
export type CatalogLocation = { dataDir: string } | { url: string };
