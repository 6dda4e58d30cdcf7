import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Actor } from '../model/actor';
import type { EventKind, EventResult } from '../model/events';
import type { Labels } from '../model/labels';
import type { LeftOut } from '../model/left-out';
import type { ConditionKind } from '../model/notify/conditions';
import type { Told } from '../model/notify/decide';
import type { NoticeContent } from '../model/notify/notice';
import type { PointMethod, SyncRecord, TargetOutcome } from '../model/records';
import type { Relationship } from '../model/spec';
import type { RelationshipStatus } from '../model/status';
import type { ScheduleTrouble } from '../model/summary';
import type { Vanished } from '../model/vanished';
import type { NoticeState } from './notices-contract';

/** ISO 8601 in UTC, both ways: the drivers are told to parse it so. */
type Timestamp = string;
/** Written as JSON text, read as the value: the two drivers disagree about arrays otherwise. */
type Json<T extends object> = JSONColumnType<T, string, string>;
/** Chosen by the database, never written. */
type RowNumber = ColumnType<number, never, never>;

export interface RelationshipsTable {
  name: string;
  document: Json<Relationship>;
  created_at: Timestamp;
  changed_at: Timestamp;
  retired_at: Timestamp | null;
}

export interface SyncsTable {
  id: RowNumber;
  run_id: string;
  sync_id: string;
  workflow_id: string;
  relationship: string;
  sequence: number;
  reason: SyncRecord['reason'];
  started_at: Timestamp;
  captured_at: Timestamp | null;
  ended_at: Timestamp;
  result: SyncRecord['result'];
  error_type: string | null;
  error: string | null;
  hint: string | null;
  /** Null: nobody has asked for it, but the clock or the relationship itself. */
  actor: Json<Actor> | null;
}

export interface SyncTargetsTable {
  sync: number;
  /** Place in the spec, from 0. */
  position: number;
  name: string;
  host: string;
  result: TargetOutcome['result'];
  how: string | null;
  bytes_sent: number | null;
  bytes_changed: number | null;
  files_changed: number | null;
  files_deleted: number | null;
  reached_bytes: number | null;
  attempts: number;
  duration_ms: number | null;
  recovery_point: string | null;
  error_type: string | null;
  error: string | null;
  tool_message: string | null;
  hint: string | null;
  left_out: Json<LeftOut[]> | null;
}

export interface RecoveryPointsTable {
  /** Grows with each point first seen: orders points even where clocks jump or a name is reused. */
  seen: RowNumber;
  relationship: string;
  target: string;
  point_id: string;
  sync_id: string;
  captured_at: Timestamp;
  published_at: Timestamp;
  verified_at: Timestamp | null;
  kept_because: Json<string[]>;
  bytes: number;
  files: number;
  method: PointMethod;
  identity: string;
  left_out: Json<LeftOut[]> | null;
}

export interface MissedTicksTable {
  relationship: string;
  at: Timestamp;
}

/** Running sums, so that a scrape of metrics never reads the whole history. */
export interface SyncTotalsTable {
  relationship: string;
  result: SyncRecord['result'];
  /** Index into `DURATION_BUCKETS`; its length for anything longer. */
  bucket: number;
  syncs: Generated<number>;
  duration_seconds: Generated<number>;
  bytes_sent: Generated<number>;
  files_changed: Generated<number>;
}

/** How each target fared in the last sync that it was part of. */
export interface TargetResultsTable {
  relationship: string;
  target: string;
  result: TargetOutcome['result'];
  error_type: string | null;
}

/** What the agent of each host told of itself last. */
export interface AgentsTable {
  host: string;
  /** Null: somebody has it forgotten. */
  labels: Json<Labels> | null;
  told_at: Timestamp;
}

/** What each relationship told of its state last, and what a look at Temporal found of it since. */
export interface RelationshipStatesTable {
  name: string;
  revision: ColumnType<number, never, number>;
  status: Json<RelationshipStatus>;
  told_at: Timestamp;
  vanished: Json<Vanished> | null;
  schedule_trouble: ScheduleTrouble | null;
}

/** What happened to relationships besides their syncs. */
export interface EventsTable {
  id: string;
  relationship: string;
  kind: EventKind;
  at: Timestamp;
  ended_at: Timestamp | null;
  actor: Json<Actor>;
  result: EventResult | null;
  text: string;
  target: string | null;
  point: string | null;
  workflow_id: string | null;
  changes: Json<string[]>;
}

/** What is wrong, and who was told of it. */
export interface ConditionsTable {
  relationship: string;
  kind: ConditionKind;
  /** Empty where it concerns the whole relationship. */
  target: string;
  text: string;
  labels: Json<Record<string, string>>;
  since: Timestamp;
  ended_at: Timestamp | null;
  told: Json<Record<string, Told>>;
}

/** Messages to receivers. */
export interface NoticesTable {
  receiver: string;
  id: string;
  created_at: Timestamp;
  state: NoticeState;
  content: Json<NoticeContent>;
  attempts: Generated<number>;
  /** Why the last attempt did not succeed. */
  problem: string | null;
  settled_at: Timestamp | null;
}

/** Running sums of the messages to each receiver, tests left out; but for when one was last taken. */
export interface NoticeTotalsTable {
  receiver: string;
  sent: Generated<number>;
  failed: Generated<number>;
  given_up: Generated<number>;
  last_sent_at: Timestamp | null;
}

/** One row, whose number grows with every decision about what to tell. */
export interface NoticeVersionTable {
  version: number;
}

export interface CatalogSchema {
  events: EventsTable;
  conditions: ConditionsTable;
  notices: NoticesTable;
  notice_totals: NoticeTotalsTable;
  notice_version: NoticeVersionTable;
  agents: AgentsTable;
  relationships: RelationshipsTable;
  relationship_states: RelationshipStatesTable;
  syncs: SyncsTable;
  sync_targets: SyncTargetsTable;
  recovery_points: RecoveryPointsTable;
  missed_ticks: MissedTicksTable;
  sync_totals: SyncTotalsTable;
  target_results: TargetResultsTable;
}
