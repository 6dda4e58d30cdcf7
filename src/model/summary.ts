/** What `tidemark get` says of a relationship: the stable shape that scripts and dashboards read. Pure. */
import { targetName, volumePath } from './endpoints';
import { describeFailure } from './failure';
import { assess, isRpoKept, watchedOf } from './health';
import type { Health, Promised, TargetHealth } from './health';
import type { LeftOut } from './left-out';
import { nextRun as nextTickOf } from './next-run';
import type { Instant } from './records';
import { scheduleOf, schedulesOf } from './schedules';
import { type Selection, selectionsOf } from './selections';
import type { TargetSpec } from './spec';
import type {
  DrillOutcome,
  OperationKind,
  Phase,
  RelationshipStatus,
  Takeover,
  TargetStatus,
  Waiting,
} from './status';
import type { Vanished } from './vanished';

export interface TargetSummary {
  name: string;
  host: string;
  volume: string;
  class: string;
  result: TargetStatus['result'];
  /** For monitoring: by lag, and by what was promised. */
  status: TargetHealth['status'];
  /** Why it is up, late or down. */
  statusReason: string;
  /** Age of the newest recovery point's capture. Null before the first. */
  lagSeconds: number | null;
  recoveryPoint: string | null;
  capturedAt: Instant | null;
  /** What of the source the newest recovery point does not hold: empty where it is all there. */
  leftOut: LeftOut[];
  /** Type, text, the tool's words and what to do. Null after a success. */
  lastError: string | null;
  /** Why the source keeps no base for it any more. Null while it does, or none is needed. */
  givenUp: string | null;
  /** Its newest recovery point was its only copy, which may not be whole since a sync of it broke off. */
  torn: boolean;
  /** Its next tick. Null where that is paused, or there is none. */
  nextRun: Instant | null;
  /** How old its newest recovery point may be: by its rpo, or else by its schedule. Null without either. */
  promised: Promised | null;
}

/** Why a relationship's Schedule in Temporal does not tick: somebody deleted or paused it there. */
export type ScheduleTrouble = 'missing' | 'paused';

/** What is to be seen of a relationship's Schedule in Temporal. */
export interface ScheduleSeen {
  /** Its next tick; none where it does not tick. */
  nextRun?: Instant;
  trouble?: ScheduleTrouble;
}

export interface RelationshipSummary {
  name: string;
  /** As the spec has them. */
  labels: Readonly<Record<string, string>>;
  /** That of the worst target. */
  status: Health;
  statusReason: string;
  phase: Phase;
  /** How its workflow ended, where nobody deleted it. Null while it runs. */
  vanished: Vanished | null;
  paused: boolean;
  direction: RelationshipStatus['direction'];
  epoch: number;
  source: { host: string; volume: string };
  targets: TargetSummary[];
  /** Next tick of the schedule. Null where it is paused, or there is none. */
  nextRun: Instant | null;
  /**
   * Nothing is synced on schedule though the spec has one: somebody deleted the Schedule in Temporal, or paused it there.
   * Null where it ticks, none is wanted, or nobody could ask.
   */
  scheduleTrouble: ScheduleTrouble | null;
  lastSync: {
    result: string;
    startedAt: Instant;
    endedAt: Instant;
    bytes: number;
    files: number;
    durationSeconds: number;
  } | null;
  /** Whether every target is as fresh as was promised. Null where nothing was. */
  rpoMet: boolean | null;
  /** What runs now, which of its phases, and what it waits for. */
  operation: { kind: OperationKind; phase: string | null; waiting: Waiting | null } | null;
  /** Who took over in a failover, until replication goes on in the new direction. */
  takeover: Takeover | null;
  /** Which hosts its selectors mean now; empty where it has none. */
  selections: Selection[];
  lastDrill: {
    result: DrillOutcome['result'];
    target: string;
    endedAt: Instant;
    ageSeconds: number;
    /** The measured recovery time. Null where no service answered, or no hook looked. */
    rtoSeconds: number | null;
  } | null;
}

function summarizeTarget(
  target: TargetStatus,
  spec: TargetSpec | undefined,
  health: TargetHealth | undefined,
  next: Instant | undefined,
): TargetSummary {
  const { name, host, volume, result, recoveryPoint, capturedAt, lastError } = target;
  const lag = health?.lagSeconds;
  return {
    name,
    host,
    volume,
    class: spec?.class ?? '',
    result,
    status: health?.status ?? 'down',
    statusReason: health?.reason ?? 'not in the spec',
    lagSeconds: typeof lag === 'number' ? Math.round(lag) : null,
    recoveryPoint: recoveryPoint ?? null,
    capturedAt: capturedAt ?? null,
    leftOut: target.leftOut ?? [],
    lastError: lastError ? describeFailure(lastError) : null,
    givenUp: target.givenUp ?? null,
    torn: target.torn ?? false,
    nextRun: next ?? null,
    promised: health?.promised ?? null,
  };
}

/** Whether every target keeps its rpo; null where none has one. */
function areRposKept(targets: readonly TargetSummary[]): boolean | null {
  const kept = targets.map(isRpoKept).filter((each) => each !== null);
  return kept.length === 0 ? null : kept.every(Boolean);
}

/** When each target is synced next: as Temporal says, where all share one schedule, else by its own. */
function nextRuns(
  { document, paused }: Pick<RelationshipStatus, 'document' | 'paused'>,
  nowMs: number,
  nextRun?: Instant,
) {
  const { spec } = document;
  const isShared = schedulesOf(spec).length < 2;
  return (target: TargetSpec | undefined): Instant | undefined => {
    const cron = target && scheduleOf(spec, target);
    if (paused || nextRun === undefined || cron === undefined) return undefined;
    return isShared ? nextRun : nextTickOf(cron, spec.trigger.timezone, nowMs);
  };
}

/** That there is nothing whole to go back to at a target, and what helps. */
export const tornText = (relationship: string, target: string): string =>
  `what lies at ${target} may be of two states since a sync of it broke off, and it keeps no other: tidemark sync ${relationship} completes it`;

/** That nothing is synced on schedule, and what helps; undefined where all is well. */
export function scheduleText({
  name,
  scheduleTrouble,
}: Pick<RelationshipSummary, 'name' | 'scheduleTrouble'>): string | undefined {
  if (scheduleTrouble === null) return undefined;
  const what = scheduleTrouble === 'missing' ? 'is missing' : 'was paused there';
  return `its Schedule in Temporal ${what}, so no sync starts by itself: tidemark resume ${name}`;
}

/** The summary of a relationship at `nowMs`. The Schedule is left out where Temporal could not be asked. */
export function summarize(
  status: RelationshipStatus,
  nowMs: number,
  { nextRun, trouble }: ScheduleSeen = {},
): RelationshipSummary {
  const { name, phase, paused, direction, epoch, lastSync, lastDrill } = status;
  const operation = status.operation ?? status.fetches?.[0];
  const { source, targets: specs } = status.document.spec;
  const health = assess(status.document, watchedOf(status), nowMs);
  // Nobody would answer its ticks.
  const isStopped = paused || status.vanished !== undefined;
  const nextOf = nextRuns({ ...status, paused: isStopped }, nowMs, nextRun);
  // It is made a moment after the first spec was accepted.
  const isScheduled = !isStopped && lastSync !== undefined && schedulesOf(status.document.spec).length > 0;
  const targets = status.targets.map((target) => {
    const spec = specs.find((each) => targetName(each) === target.name);
    const own = health.targets.find((each) => each.name === target.name);
    return summarizeTarget(target, spec, own, nextOf(spec));
  });
  return {
    name,
    labels: status.document.metadata.labels,
    status: health.status,
    statusReason: health.reason,
    phase,
    vanished: status.vanished ?? null,
    paused,
    direction,
    epoch,
    source: { host: source.host, volume: volumePath(source) },
    targets,
    nextRun: (!isStopped && nextRun) || null,
    scheduleTrouble: (isScheduled && trouble) || null,
    lastSync: lastSync
      ? {
          result: lastSync.result,
          startedAt: lastSync.startedAt,
          endedAt: lastSync.endedAt,
          bytes: lastSync.bytes,
          files: lastSync.files,
          durationSeconds: lastSync.durationSeconds,
        }
      : null,
    rpoMet: areRposKept(targets),
    operation: operation
      ? { kind: operation.kind, phase: operation.phase ?? null, waiting: operation.waiting ?? null }
      : null,
    takeover: status.takeover ?? null,
    selections: selectionsOf(status.document),
    lastDrill: lastDrill
      ? {
          result: lastDrill.result,
          target: lastDrill.target,
          endedAt: lastDrill.endedAt,
          ageSeconds: Math.max(0, Math.round((nowMs - Date.parse(lastDrill.endedAt)) / 1000)),
          rtoSeconds: lastDrill.rtoSeconds,
        }
      : null,
  };
}
