/** Up, warn or down: what monitoring is told of each target, and of a relationship. Pure. */
import { targetName } from './endpoints';
import type { Instant } from './records';
import { lagSeconds } from './lag';
import { longestGapMs } from './schedules';
import { noTargetText } from './selections';
import type { Relationship, RelationshipSpec, TargetSpec } from './spec';
import type { RelationshipStatus, TargetStatus } from './status';
import { durationToMs, formatDuration } from './units';
import { takeoversOf } from './takeovers';
import { vanishedText } from './vanished';

export type Health = 'up' | 'warn' | 'down';

/** From well to bad; the index is what metrics and exit codes say. */
export const HEALTHS = ['up', 'warn', 'down'] as const satisfies Health[];

/** Beyond so many times what was promised. */
export const WARN_AT = 2;
export const DOWN_AT = 3;

/** How old a target's newest recovery point may be: by the `rpo`, or else by the longest time between two ticks. */
export interface Promised {
  seconds: number;
  by: 'rpo' | 'schedule';
}

export interface TargetHealth {
  status: Health;
  /** Why, for people: `lag 2h 5m > 2 x rpo 1h`. */
  reason: string;
  lagSeconds: number | null;
  /** Null where there is neither rpo nor schedule: then the last result decides. */
  promised: Promised | null;
}

export interface RelationshipHealth {
  /** That of the worst target. */
  status: Health;
  reason: string;
  /** In the order of the spec. */
  targets: (TargetHealth & { name: string })[];
}

/** What is known of a target: its last result, null where nobody remembers, and its newest point. */
export interface WatchedTarget {
  result: TargetStatus['result'] | null;
  capturedAt?: Instant | null;
  /** Type of the last failure. */
  errorType?: string | null;
  /** The source keeps no base for it any more. */
  isGivenUp?: boolean;
  /** Its only copy may be of two states. */
  isTorn?: boolean;
}

/** How fresh a target has to be by its own `rpo`, or else the relationship's; undefined where none is promised. */
export function rpoOf(
  { objectives }: Pick<RelationshipSpec, 'objectives'>,
  { rpo }: Pick<TargetSpec, 'rpo'>,
): string | undefined {
  return rpo ?? objectives.rpo;
}

export function promiseOf(spec: RelationshipSpec, target: TargetSpec): Promised | null {
  const rpo = rpoOf(spec, target);
  if (rpo !== undefined) return { seconds: durationToMs(rpo) / 1000, by: 'rpo' };
  const gapMs = longestGapMs(spec, target);
  return gapMs === undefined ? null : { seconds: gapMs / 1000, by: 'schedule' };
}

function promiseText({ seconds, by }: Promised): string {
  return `${by} ${formatDuration(seconds * 1000)}`;
}

/** What is wrong, however fresh it may still be. */
function troubleText({ result, errorType, isGivenUp }: WatchedTarget): string | undefined {
  if (isGivenUp) return 'given up by pinLimit';
  if (result === 'failed') return `last sync failed${errorType ? `: ${errorType}` : ''}`;
  return result === 'cancelled' ? 'last sync was cancelled' : undefined;
}

/**
 * How a target is. It is late by what was promised: beyond twice that it warns, beyond three times it is
 * down. A last sync that failed, or a base that the source gave up, warns before that. One that was never synced is down.
 */
export function assessTarget(target: WatchedTarget, promised: Promised | null, nowMs: number): TargetHealth {
  const lag = target.capturedAt ? lagSeconds(target.capturedAt, nowMs) : null;
  const say = (status: TargetHealth['status'], ...reasons: (string | undefined)[]): TargetHealth => ({
    status,
    reason: reasons.filter(Boolean).join(', '),
    lagSeconds: lag,
    promised,
  });
  const trouble = [troubleText(target), target.isTorn && 'its only copy may not be whole']
    .filter(Boolean)
    .join(', ');
  if (lag === null) return say('down', 'never synced', trouble);
  const age = `lag ${formatDuration(lag * 1000)}`;
  if (!promised) return say(trouble ? 'warn' : 'up', age, 'no rpo, no schedule', trouble);
  const text = promiseText(promised);
  if (lag > DOWN_AT * promised.seconds) return say('down', `${age} > ${DOWN_AT} x ${text}`, trouble);
  if (lag > WARN_AT * promised.seconds) return say('warn', `${age} > ${WARN_AT} x ${text}`, trouble);
  return say(trouble ? 'warn' : 'up', age, text, trouble);
}

/** Whether a target is as fresh as its rpo says, which one without any recovery point is not; null where it has none. */
export function isRpoKept({
  lagSeconds,
  promised,
}: Pick<TargetHealth, 'lagSeconds' | 'promised'>): boolean | null {
  if (promised?.by !== 'rpo') return null;
  return lagSeconds !== null && lagSeconds <= promised.seconds;
}

const rank = (status: Health) => HEALTHS.indexOf(status);

export type Watched = Pick<RelationshipStatus, 'takeover' | 'operation' | 'paused' | 'vanished'> & {
  targets: readonly (WatchedTarget & { name: string })[];
  /** The relationship could not be asked, and why: this is what was recorded of it. */
  unanswered?: string;
};

/** What is wrong with a target however fresh it may be: how bad it is at least, and why. */
function troubleOf(name: string, { takeover, operation, vanished, unanswered }: Watched) {
  // Nobody looks after it.
  if (vanished) return { status: 'down' as const, reason: vanishedText(vanished) };
  // Nothing is sent to an old primary.
  const awaited = takeoversOf(takeover).find(({ from }) => from === name);
  if (awaited) {
    return { status: 'down' as const, reason: `failed over to ${awaited.target}, and no copy of it yet` };
  }
  const waiting = operation?.waiting;
  if (waiting) {
    // One line; what a tool said of it stands where the operation is described.
    const [text] = waiting.text.split('\n');
    return { status: 'warn' as const, reason: `${operation.kind} waits: ${text}` };
  }
  // Nothing is known to run: that it is well would be a guess.
  if (unanswered !== undefined) return { status: 'warn' as const, reason: `as last recorded: ${unanswered}` };
  return undefined;
}

function assessEach(spec: RelationshipSpec, watched: Watched, nowMs: number): RelationshipHealth['targets'] {
  return spec.targets.map((target) => {
    const name = targetName(target);
    const known = watched.targets.find((each) => each.name === name) ?? { result: 'never' as const };
    const health = assessTarget(known, promiseOf(spec, target), nowMs);
    const trouble = troubleOf(name, watched);
    if (!trouble) return { ...health, name };
    if (rank(health.status) > rank(trouble.status))
      return { ...health, name, reason: `${health.reason}; ${trouble.reason}` };
    return { ...health, name, ...trouble };
  });
}

/**
 * How a relationship is, which is how its worst target is: the one answer that `get`, `--check`, HTTP, metrics and
 * the Temporal UI give. Lag counts while it is paused, too. `document`: as it holds now.
 */
export function assess(document: Relationship, watched: Watched, nowMs: number): RelationshipHealth {
  const targets = assessEach(document.spec, watched, nowMs);
  const none = noTargetText(document);
  if (none !== undefined) {
    const trouble = troubleOf('', watched);
    return { status: 'down', reason: trouble ? `${none}; ${trouble.reason}` : none, targets };
  }
  const worst = targets.reduce((one, other) => (rank(other.status) > rank(one.status) ? other : one));
  const paused = watched.paused ? ', paused' : '';
  const status = HEALTHS[rank(worst.status)] ?? 'up';
  return { status, reason: `${worst.name} ${worst.reason}${paused}`, targets };
}

/**
 * When the passing of time alone changes what is said of a relationship next: an rpo is missed, a target is to warn,
 * or is down. Milliseconds since the epoch; undefined where nothing will.
 */
export function nextStatusChange(
  document: Relationship,
  targets: readonly (WatchedTarget & { name: string })[],
  nowMs: number,
): number | undefined {
  const moments = document.spec.targets.flatMap((target) => {
    const known = targets.find((each) => each.name === targetName(target));
    const promised = promiseOf(document.spec, target);
    if (!promised || !known?.capturedAt) return [];
    const capturedAt = Date.parse(known.capturedAt);
    // A promise is kept up to its very end.
    return [1, WARN_AT, DOWN_AT].map((times) => capturedAt + times * promised.seconds * 1000 + 1);
  });
  const coming = moments.filter((moment) => moment > nowMs);
  return coming.length > 0 ? Math.min(...coming) : undefined;
}

/** How a relationship with this state is, as it stands in the state, or in what the query `status` answers. */
export function watchedOf({
  targets,
  takeover,
  operation,
  paused,
  vanished,
}: Pick<RelationshipStatus, 'targets' | 'takeover' | 'operation' | 'paused' | 'vanished'>): Watched {
  return {
    targets: targets.map(({ name, result, capturedAt, lastError, givenUp, torn }) => ({
      name,
      result,
      ...(capturedAt !== undefined && { capturedAt }),
      ...(lastError && { errorType: lastError.type }),
      ...(givenUp !== undefined && { isGivenUp: true }),
      ...(torn && { isTorn: true }),
    })),
    paused,
    ...(takeover && { takeover }),
    ...(operation && { operation }),
    ...(vanished && { vanished }),
  };
}
