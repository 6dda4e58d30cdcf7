/** What metrics say of one relationship. Pure. */
import type { StateEntry } from '../../catalog/contract';
import { tickGaps } from '../../model/cron';
import { assess, HEALTHS, isRpoKept, type RelationshipHealth, watchedOf } from '../../model/health';
import type { RelationshipStatus, TargetStatus } from '../../model/status';
import { statusOf } from '../fleet/known-states';
import { RELATIONSHIP, SUMS, TARGET } from './definitions';
import { type Exposition, formatLabels } from './exposition';
import type { Sums } from './catalog-sums';

const RESULTS = ['succeeded', 'partial', 'failed', 'cancelled'] as const;

const seconds = (instant: string) => Date.parse(instant) / 1000;

/** What a relationship waits for, and since when, where that is known. */
export function waitingOf({
  operation,
  approval,
  phase,
}: Pick<RelationshipStatus, 'operation' | 'approval' | 'phase'>): { for: string; since?: string }[] {
  const waiting = operation?.waiting;
  if (waiting) return [{ for: waiting.for === 'approve' ? 'approval' : waiting.for, since: waiting.since }];
  const all: { for: string; since?: string }[] = [];
  if (approval) all.push({ for: 'approval', since: approval.since });
  if (phase === 'WaitingForHost') all.push({ for: 'host' });
  if (phase === 'AwaitingPush' && operation) all.push({ for: 'push', since: operation.startedAt });
  return all;
}

export interface ToDescribe {
  entry: StateEntry;
  sums: Sums;
  nowMs: number;
  /** Why what it told last may not hold any more. */
  unanswered?: string;
}

/** @returns how it is */
export function describeRelationship(
  page: Exposition,
  { entry, sums, nowMs, unanswered }: ToDescribe,
): RelationshipHealth {
  const status = statusOf(entry);
  const watched = { ...watchedOf(status), ...(unanswered !== undefined && { unanswered }) };
  const health = assess(status.document, watched, nowMs);
  describeState(page, entry, status);
  describeDrills(page, status);
  describeSums(page, entry.name, sums);
  // A selector that means nobody: there is no target to tell of, and yet something is wrong.
  if (health.targets.length === 0) page.add(TARGET.status, [entry.name, ''], HEALTHS.indexOf(health.status));
  for (const target of health.targets) {
    const own = status.targets.find(({ name }) => name === target.name);
    describeTarget(page, entry.name, { health: target, own, points: sums.points.get(target.name) });
  }
  return health;
}

function describeState(
  page: Exposition,
  { name, scheduleTrouble }: StateEntry,
  status: RelationshipStatus,
): void {
  const {
    phase,
    paused,
    direction,
    takeover,
    consecutiveFailures,
    lastSync,
    operation,
    fetches = [],
  } = status;
  const at = formatLabels(['relationship'], [name]);
  page.add(RELATIONSHIP.phase, [name, phase], 1);
  page.addAt(RELATIONSHIP.paused, at, paused ? 1 : 0);
  page.addAt(RELATIONSHIP.reversed, at, direction === 'reversed' ? 1 : 0);
  page.addAt(RELATIONSHIP.failedOver, at, takeover ? 1 : 0);
  page.addAt(RELATIONSHIP.failures, at, consecutiveFailures);
  if (takeover) page.add(RELATIONSHIP.failedOverAt, [name, takeover.target], seconds(takeover.at));
  for (const { for: what, since } of waitingOf(status)) {
    page.add(RELATIONSHIP.waiting, [name, what], 1);
    if (since !== undefined) page.add(RELATIONSHIP.waitingSince, [name, what], seconds(since));
  }
  if (scheduleTrouble !== null) page.add(RELATIONSHIP.scheduleStopped, [name, scheduleTrouble], 1);
  if (lastSync) page.add(RELATIONSHIP.lastSync, [name, lastSync.result], seconds(lastSync.endedAt));
  const running = operation ?? fetches[0];
  if (running) page.add(RELATIONSHIP.operationStarted, [name, running.kind], seconds(running.startedAt));
}

function describeDrills(page: Exposition, { name, drillSchedule, lastDrill }: RelationshipStatus): void {
  const gapMs = drillSchedule === undefined ? undefined : tickGaps(drillSchedule)?.longestMs;
  if (gapMs !== undefined) page.add(RELATIONSHIP.drillInterval, [name], gapMs / 1000);
  if (!lastDrill) return;
  const { target, result, endedAt, rtoSeconds } = lastDrill;
  page.add(RELATIONSHIP.drilled, [name, target, result], seconds(endedAt));
  if (rtoSeconds !== null) page.add(RELATIONSHIP.drillRto, [name, target], rtoSeconds);
}

function describeSums(page: Exposition, name: string, { syncs, missedTicks }: Sums): void {
  const at = formatLabels(['relationship'], [name]);
  let [bytes, files] = [0, 0];
  // From zero, so that the first sync of each kind shows as an increase.
  for (const result of RESULTS) {
    const sum = syncs.find((each) => each.result === result);
    const of = formatLabels(SUMS.syncs.labels, [name, result]);
    page.addAt(SUMS.syncs, of, sum?.syncs ?? 0);
    page.addAt(SUMS.seconds, of, sum?.durationSeconds ?? 0);
    bytes += sum?.bytesSent ?? 0;
    files += sum?.filesChanged ?? 0;
  }
  page.addAt(SUMS.bytes, at, bytes);
  page.addAt(SUMS.files, at, files);
  page.addAt(SUMS.missed, at, missedTicks);
}

interface TargetToDescribe {
  health: RelationshipHealth['targets'][number];
  /** Undefined where a spec has just brought it. */
  own: TargetStatus | undefined;
  points: { points: number; oldestCapturedAt: string } | undefined;
}

function describeTarget(
  page: Exposition,
  relationship: string,
  { health, own, points }: TargetToDescribe,
): void {
  const { name, status, lagSeconds, promised } = health;
  const at = formatLabels(TARGET.status.labels, [relationship, name]);
  page.addAt(TARGET.status, at, HEALTHS.indexOf(status));
  if (lagSeconds !== null) page.addAt(TARGET.lag, at, lagSeconds);
  if (promised) page.add(TARGET.objective, [relationship, name, promised.by], promised.seconds);
  const isKept = isRpoKept(health);
  if (promised && isKept !== null) {
    page.addAt(TARGET.rpo, at, promised.seconds);
    page.addAt(TARGET.rpoMet, at, isKept ? 1 : 0);
  }
  page.addAt(TARGET.failed, at, own?.result === 'failed' ? 1 : 0);
  page.addAt(TARGET.givenUp, at, own?.givenUp === undefined ? 0 : 1);
  page.addAt(TARGET.torn, at, own?.torn ? 1 : 0);
  const leftOut = own?.leftOut ?? [];
  page.addAt(
    TARGET.leftOut,
    at,
    leftOut.reduce((sum, { count }) => sum + count, 0),
  );
  page.addAt(TARGET.points, at, points?.points ?? 0);
  if (points) page.addAt(TARGET.oldest, at, seconds(points.oldestCapturedAt));
}
