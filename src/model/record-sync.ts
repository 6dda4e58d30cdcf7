/** What a sync, and each target of it, changes in the state of its relationship. Pure. */
import { isMissingAgent } from './failure';
import type { Failure, Instant, SyncRecord, TargetOutcome } from './records';
import type { RelationshipState } from './relationship-state';
import type { LastSync, TargetStatus } from './status';

/** How many syncs the relationship itself remembers; the catalog has them all. */
const REMEMBERED_SYNCS = 20;

/** Failures that somebody else mends, and then asks for a sync. */
const AWAITED: Failure['type'] = 'PushAwaited';
/** Failures of a sync that nothing mends but a person who says yes. */
const ASKING: readonly Failure['type'][] = ['ApprovalRequired', 'Diverged'];

/** Without the list of points, which is long. */
export const withoutPoints = ({ points: _recorded, ...outcome }: TargetOutcome): TargetOutcome => outcome;

function toTargetStatus(old: TargetStatus, outcome: TargetOutcome, sequence: number): TargetStatus {
  // A later sync of this target alone has ended before.
  if (sequence < (old.sequence ?? 0)) return old;
  const { lastError: _gone, warning: _before, givenUp, leftOut, torn, ...kept } = old;
  return {
    ...kept,
    sequence,
    ...(givenUp !== undefined && outcome.result !== 'succeeded' && { givenUp }),
    result: outcome.result,
    ...(!outcome.point && leftOut && { leftOut }),
    ...(!outcome.point &&
      (torn || outcome.torn) &&
      kept.recoveryPoint !== undefined && { torn: true as const }),
    ...(outcome.point && {
      recoveryPoint: outcome.point.id,
      capturedAt: outcome.point.capturedAt,
      pointBytes: outcome.point.bytes,
      baseSyncId: outcome.point.syncId,
      ...(outcome.leftOut && { leftOut: outcome.leftOut }),
    }),
    ...(outcome.failure && { lastError: outcome.failure }),
    ...(outcome.warning !== undefined && { warning: outcome.warning }),
    ...(outcome.prunedAt !== undefined && { prunedAt: outcome.prunedAt }),
  };
}

/** The source keeps nothing for a target any more: said until a sync of it succeeds. */
function recordGivenUp(target: TargetStatus, record: SyncRecord): TargetStatus {
  const given = record.givenUp?.find((each) => each.target === target.name);
  if (!given || given.syncId !== target.baseSyncId) return target;
  const { baseSyncId: _dropped, ...rest } = target;
  return { ...rest, givenUp: given.text };
}

/** Says what became of a target before its sync has ended, which may be hours away. */
export function recordTargetEnd(state: RelationshipState, outcome: TargetOutcome, sequence: number): void {
  state.targets = state.targets.map((target) =>
    target.name === outcome.name ? toTargetStatus(target, outcome, sequence) : target,
  );
}

/** The same for one that has failed in the sync that runs. */
export function recordTargetFailure(state: RelationshipState, outcome: TargetOutcome): void {
  if (state.operation?.kind === 'sync') recordTargetEnd(state, outcome, state.sequence);
}

function summarizeSync(record: SyncRecord): LastSync {
  const total = (pick: (target: TargetOutcome) => number | undefined) =>
    record.targets.reduce((sum, target) => sum + (pick(target) ?? 0), 0);
  return {
    syncId: record.syncId,
    result: record.result,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    bytes: total((target) => target.stats?.bytesSent),
    files: total((target) => target.stats?.filesChanged),
    durationSeconds: (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000,
  };
}

/** What a finished sync changes. `retryDelayMs` is asked for only when one is to be started again. */
export function recordSyncEnd(
  state: RelationshipState,
  record: SyncRecord,
  now: Instant,
  retryDelayMs: (consecutiveFailures: number) => number,
): void {
  const outcomes = new Map(record.targets.map((target) => [target.name, target]));
  state.targets = state.targets.map((target) => {
    const outcome = outcomes.get(target.name);
    return recordGivenUp(outcome ? toTargetStatus(target, outcome, record.sequence) : target, record);
  });
  state.history = [record, ...state.history].slice(0, REMEMBERED_SYNCS);
  state.lastSync = summarizeSync(record);
  // What was said while this one ran is newer than it.
  if (record.result === 'succeeded' && state.notice && state.notice.sequence < record.sequence)
    delete state.notice;
  planRecovery(state, record.failure, now, retryDelayMs);
}

/**
 * What is to happen about everything that is wrong: also with targets that this sync left out, which
 * must not be forgotten because another one did well.
 */
function planRecovery(
  state: RelationshipState,
  failure: Failure | undefined,
  now: Instant,
  retryDelayMs: (consecutiveFailures: number) => number,
): void {
  delete state.approval;
  delete state.retryAt;
  const failing = state.targets.filter((target) => target.result === 'failed');
  const failures = [failure, ...failing.map((target) => target.lastError)].filter(
    (each) => each !== undefined,
  );
  const absent = failures.filter(isMissingAgent).map((each) => each.host ?? '');
  state.absentHosts = [...new Set(absent)].filter(Boolean);
  const asks = (each: Failure | undefined) => each !== undefined && ASKING.includes(each.type);
  const guard = failures.find(asks);
  if (guard) state.approval = { reason: guard.message, since: now };
  const isTried = ({ lastError }: TargetStatus) => !asks(lastError) && lastError?.type !== AWAITED;
  const retryable = failing.filter(isTried);
  state.retryTargets = retryable.map((target) => target.name);
  const isWholeLost = failing.length === 0 && failure !== undefined && failure.type !== 'Cancelled';
  if (failures.length === 0 || failure?.type === 'Cancelled') state.consecutiveFailures = 0;
  else state.consecutiveFailures++;
  if (retryable.length === 0 && !isWholeLost) return;
  state.retryAt = new Date(Date.parse(now) + retryDelayMs(state.consecutiveFailures)).toISOString();
}
