/**
 * What the source keeps of old states: those that targets' next syncs start from, and no more than
 * `source.pinLimit` allows, so that a target that is gone for good does not fill the source. Pure.
 */
import { targetName } from './endpoints';
import { advanceBases } from './bases';
import type { Bases } from './bases';
import type { GivenUp, HeldState, Instant } from './records';
import { longestGapMs } from './schedules';
import type { RelationshipSpec, TargetSpec } from './spec';
import { durationToMs, formatBytes, formatDuration, sizeToBytes } from './units';

/** So long a target may be away, where the spec does not say. */
const DEFAULT_AGE_MS = 7 * 86_400_000;

/** A target, and the state of the source that it holds too: what its next sync starts from. */
export interface Pin {
  target: string;
  syncId: string;
  capturedAt: Instant;
  /** What keeping it costs at the source; absent where nobody knows. Shared by all targets of one `syncId`. */
  bytes?: number;
}

export interface PinLimits {
  /** How old a target's base may become, by target. */
  ageMs: Record<string, number>;
  /** All bases but the newest together. */
  spaceBytes?: number;
}

export interface PinPlan {
  /** What the source is to keep, each once. */
  keep: string[];
  givenUp: GivenUp[];
}

/** How old a base may become where the spec does not say: long enough that the target's next sync still finds it. */
function ageLimitMs(spec: RelationshipSpec, target: TargetSpec): number {
  const age = spec.source.pinLimit?.age;
  if (age !== undefined) return durationToMs(age);
  return Math.max(DEFAULT_AGE_MS, 2 * (longestGapMs(spec, target) ?? 0));
}

/** The limits of a relationship. */
export function pinLimitsOf(spec: RelationshipSpec): PinLimits {
  const space = spec.source.pinLimit?.space;
  return {
    ageMs: Object.fromEntries(spec.targets.map((target) => [targetName(target), ageLimitMs(spec, target)])),
    ...(space !== undefined && { spaceBytes: sizeToBytes(space) }),
  };
}

/** What the source holds for its targets at the end of a sync. */
export interface AfterSync {
  syncId: string;
  /** Targets that confirmed it. */
  confirmed: readonly string[];
  /** By target: the sync that it confirmed before, and when that froze its state. */
  bases: Bases;
  capturedAts: Readonly<Record<string, Instant>>;
  /** What the source holds, as it said before the sync. */
  states: readonly HeldState[];
  nowMs: number;
}

/**
 * The bases that targets have at the end of a sync. One that was confirmed just now is new, however long that
 * has taken; so is one whose age nobody knows.
 */
export function pinsAfter(after: AfterSync): Pin[] {
  const { syncId, confirmed, bases, capturedAts, states, nowMs } = after;
  const now = new Date(nowMs).toISOString();
  return Object.entries(advanceBases(bases, syncId, confirmed)).map(([target, base]) => {
    const bytes = states.find((state) => state.syncId === base)?.bytes;
    const known = base === syncId ? now : capturedAts[target];
    return { target, syncId: base, capturedAt: known ?? now, ...(bytes !== undefined && { bytes }) };
  });
}

const OUTCOME = 'the next sync to it starts from an older base, or compares or sends everything';

function giveUp({ target, syncId }: Pin, why: string): GivenUp {
  return { target, syncId, text: `target ${target} is given up: its base ${syncId} ${why}; ${OUTCOME}` };
}

/** The oldest bases that have to go until the others fit, the newest of all excepted: every sync needs it. */
function tooMuch(pins: readonly Pin[], spaceBytes: number): Set<string> {
  const newestFirst = [...new Map(pins.map((pin) => [pin.syncId, pin])).values()].toSorted((one, other) =>
    compareAge(other, one),
  );
  const gone = new Set<string>();
  let sum = 0;
  for (const pin of newestFirst.slice(1)) {
    sum += pin.bytes ?? 0;
    if (sum > spaceBytes) gone.add(pin.syncId);
  }
  return gone;
}

/** Older first; sync ids sort by number. */
function compareAge(one: Pin, other: Pin): number {
  return Date.parse(one.capturedAt) - Date.parse(other.capturedAt) || one.syncId.localeCompare(other.syncId);
}

/**
 * Which states the source keeps for its targets, and whom it gives up. Age counts for each target by
 * itself: a base that another target, which may be away for longer, still needs is kept for that one.
 */
export function planPins(pins: readonly Pin[], limits: PinLimits, nowMs: number): PinPlan {
  const givenUp: GivenUp[] = [];
  const young = pins.filter((pin) => {
    const limitMs = limits.ageMs[pin.target] ?? DEFAULT_AGE_MS;
    const ageMs = nowMs - Date.parse(pin.capturedAt);
    if (ageMs <= limitMs) return true;
    const why = `is ${formatDuration(ageMs)} old, beyond pinLimit.age ${formatDuration(limitMs)}`;
    givenUp.push(giveUp(pin, why));
    return false;
  });
  const { spaceBytes } = limits;
  const gone = spaceBytes === undefined ? new Set<string>() : tooMuch(young, spaceBytes);
  const kept = young.filter((pin) => {
    if (!gone.has(pin.syncId)) return true;
    const limit = formatBytes(spaceBytes ?? 0);
    givenUp.push(giveUp(pin, `takes more than is left of pinLimit.space ${limit} at the source`));
    return false;
  });
  return { keep: [...new Set(kept.map(({ syncId }) => syncId))], givenUp };
}
