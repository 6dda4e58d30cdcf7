/** What `tidemark get` says of a relationship: the stable shape that scripts and dashboards read. Pure. */
import { volumePath } from './endpoints';
import { describeFailure } from './failure';
import type { Instant } from './records';
import type {
  DrillOutcome,
  OperationKind,
  Phase,
  RelationshipStatus,
  Takeover,
  TargetStatus,
  Waiting,
} from './status';
import { durationToMs } from './units';

export interface TargetSummary {
  name: string;
  host: string;
  volume: string;
  result: TargetStatus['result'];
  /** Age of the newest recovery point's capture. Null before the first. */
  lagSeconds: number | null;
  recoveryPoint: string | null;
  capturedAt: Instant | null;
  /** Type, text, the tool's words and what to do. Null after a success. */
  lastError: string | null;
}

export interface RelationshipSummary {
  name: string;
  phase: Phase;
  paused: boolean;
  direction: RelationshipStatus['direction'];
  epoch: number;
  source: { host: string; volume: string };
  targets: TargetSummary[];
  /** Next tick of the schedule. Null where it is paused, or there is none. */
  nextRun: Instant | null;
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
  lastDrill: {
    result: DrillOutcome['result'];
    target: string;
    endedAt: Instant;
    ageSeconds: number;
    /** The measured recovery time. Null where the service never answered. */
    rtoSeconds: number | null;
  } | null;
}

function summarizeTarget(target: TargetStatus, nowMs: number): TargetSummary {
  const { name, host, volume, result, recoveryPoint, capturedAt, lastError } = target;
  return {
    name,
    host,
    volume,
    result,
    lagSeconds: capturedAt ? Math.max(0, Math.round((nowMs - Date.parse(capturedAt)) / 1000)) : null,
    recoveryPoint: recoveryPoint ?? null,
    capturedAt: capturedAt ?? null,
    lastError: lastError ? describeFailure(lastError) : null,
  };
}

function isRpoMet(rpo: string | undefined, targets: readonly TargetSummary[]): boolean | null {
  if (rpo === undefined) return null;
  const seconds = durationToMs(rpo) / 1000;
  const ours = targets.filter((target) => target.result !== 'external');
  return ours.every((target) => target.lagSeconds !== null && target.lagSeconds <= seconds);
}

/** The summary of a relationship at `nowMs`; `nextRun` is what its Temporal Schedule says. */
export function summarize(status: RelationshipStatus, nowMs: number, nextRun?: Instant): RelationshipSummary {
  const { name, phase, paused, direction, epoch, operation, lastSync, lastDrill } = status;
  const { source, objectives } = status.document.spec;
  const targets = status.targets.map((target) => summarizeTarget(target, nowMs));
  return {
    name,
    phase,
    paused,
    direction,
    epoch,
    source: { host: source.host, volume: volumePath(source) },
    targets,
    nextRun: (!paused && nextRun) || null,
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
    rpoMet: isRpoMet(objectives.rpo, targets),
    operation: operation
      ? { kind: operation.kind, phase: operation.phase ?? null, waiting: operation.waiting ?? null }
      : null,
    takeover: status.takeover ?? null,
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
