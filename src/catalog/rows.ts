/** From records to rows, and from rows to what the catalog answers. Pure. */
import type { Insertable, Selectable } from 'kysely';
import type { KeptPoint, Point, SyncRecord, TargetOutcome } from '../model/records';
import { DURATION_BUCKETS, type PointEntry, type SyncEntry, type TargetEntry } from './contract';
import type { RecoveryPointsTable, SyncsTable, SyncTargetsTable, SyncTotalsTable } from './schema';

/** Text that PostgreSQL takes: it knows neither NUL nor half a surrogate pair. */
export function cleanText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined ? null : cleanText(text);
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? cleanText(part) : part));
}

export function durationSecondsOf(span: { startedAt: string; endedAt: string }): number {
  return Math.max(0, Date.parse(span.endedAt) - Date.parse(span.startedAt)) / 1000;
}

export function syncRow(record: SyncRecord): Insertable<SyncsTable> {
  return {
    run_id: record.runId,
    sync_id: record.syncId,
    workflow_id: record.workflowId,
    relationship: record.relationship,
    sequence: record.sequence,
    reason: record.reason,
    started_at: record.startedAt,
    captured_at: record.capturedAt ?? null,
    ended_at: record.endedAt,
    result: record.result,
    error_type: record.failure?.type ?? null,
    error: textOrNull(record.failure?.message),
    hint: textOrNull(record.failure?.hint),
    actor: record.actor ? toJson(record.actor) : null,
  };
}

export function targetRow(
  sync: number,
  position: number,
  target: TargetOutcome,
): Insertable<SyncTargetsTable> {
  return {
    sync,
    position,
    name: target.name,
    host: target.host,
    result: target.result,
    how: textOrNull(target.how),
    bytes_sent: target.stats?.bytesSent ?? null,
    bytes_changed: target.stats?.bytesChanged ?? null,
    files_changed: target.stats?.filesChanged ?? null,
    files_deleted: target.stats?.filesDeleted ?? null,
    reached_bytes: target.reachedBytes ?? null,
    attempts: target.attempts,
    duration_ms: target.stats?.durationMs ?? null,
    recovery_point: target.point?.id ?? null,
    error_type: target.failure?.type ?? null,
    error: textOrNull(target.failure?.message),
    tool_message: textOrNull(target.failure?.toolMessage),
    hint: textOrNull(target.failure?.hint),
    left_out: target.leftOut ? toJson(target.leftOut) : null,
  };
}

export function pointRow(
  relationship: string,
  target: string,
  point: Point | KeptPoint,
): Insertable<RecoveryPointsTable> {
  return {
    relationship,
    target,
    point_id: point.id,
    sync_id: point.syncId,
    captured_at: point.capturedAt,
    published_at: point.publishedAt,
    verified_at: point.verifiedAt ?? null,
    kept_because: toJson('keptBecause' in point ? point.keptBecause : []),
    bytes: point.bytes,
    files: point.files,
    method: point.method,
    identity: cleanText(point.identity),
    left_out: point.leftOut ? toJson(point.leftOut) : null,
  };
}

/** What one sync adds to the running sums. */
export function totalsRow(record: SyncRecord): Required<Insertable<SyncTotalsTable>> {
  const seconds = durationSecondsOf(record);
  const bucket = DURATION_BUCKETS.findIndex((bound) => seconds <= bound);
  const sum = (pick: (stats: NonNullable<TargetOutcome['stats']>) => number) =>
    record.targets.reduce((total, { stats }) => total + (stats ? pick(stats) : 0), 0);
  return {
    relationship: record.relationship,
    result: record.result,
    bucket: bucket === -1 ? DURATION_BUCKETS.length : bucket,
    syncs: 1,
    duration_seconds: seconds,
    bytes_sent: sum((stats) => stats.bytesSent),
    files_changed: sum((stats) => stats.filesChanged),
  };
}

export function toSyncEntry(row: Selectable<SyncsTable>, targets: Selectable<SyncTargetsTable>[]): SyncEntry {
  return {
    id: row.id,
    syncId: row.sync_id,
    relationship: row.relationship,
    sequence: row.sequence,
    reason: row.reason,
    startedAt: row.started_at,
    capturedAt: row.captured_at,
    endedAt: row.ended_at,
    durationSeconds: durationSecondsOf({ startedAt: row.started_at, endedAt: row.ended_at }),
    result: row.result,
    errorType: row.error_type,
    error: row.error,
    hint: row.hint,
    workflowId: row.workflow_id,
    runId: row.run_id,
    targets: targets.map(toTargetEntry),
  };
}

function toTargetEntry(row: Selectable<SyncTargetsTable>): TargetEntry {
  return {
    name: row.name,
    host: row.host,
    result: row.result,
    how: row.how,
    bytesSent: row.bytes_sent,
    bytesChanged: row.bytes_changed,
    filesChanged: row.files_changed,
    filesDeleted: row.files_deleted,
    reachedBytes: row.reached_bytes,
    attempts: row.attempts,
    durationSeconds: row.duration_ms === null ? null : row.duration_ms / 1000,
    recoveryPoint: row.recovery_point,
    errorType: row.error_type,
    error: row.error,
    toolMessage: row.tool_message,
    hint: row.hint,
    leftOut: row.left_out ?? [],
  };
}

export function toPointEntry(row: Selectable<RecoveryPointsTable>): PointEntry {
  return {
    id: row.point_id,
    target: row.target,
    syncId: row.sync_id,
    capturedAt: row.captured_at,
    publishedAt: row.published_at,
    verified: row.verified_at,
    keptBecause: row.kept_because,
    bytes: row.bytes,
    files: row.files,
    method: row.method,
    identity: row.identity,
    leftOut: row.left_out ?? [],
  };
}
