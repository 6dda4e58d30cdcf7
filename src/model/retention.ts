/** Which recovery points a target keeps, and why. */
import type { Point } from './records';
import type { RetainSpec } from './spec';
import { durationToMs } from './units';

/** What the planner looks at. `sequence` tells which is newer: clocks may jump. */
export type RetainablePoint = Pick<Point, 'id' | 'sequence' | 'capturedAt' | 'diverged'>;

export interface RetentionPlan {
  /** Oldest first. `because` names every rule that keeps the point: `last 2`, `hourly 2026-11-21T08`. */
  keep: { id: string; because: string[] }[];
  /** Oldest first. */
  remove: string[];
}

const DAY_MS = 86_400_000;

/** The ISO week of a day in UTC: `2026-W47`. */
function isoWeek(date: Date): string {
  // The week belongs to the year that its Thursday is in.
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(date.getTime() + (3 - weekday) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const dayOfYear = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS);
  return `${year}-W${String(Math.floor(dayOfYear / 7) + 1).padStart(2, '0')}`;
}

const BUCKETS = {
  hourly: (date: Date) => date.toISOString().slice(0, 13),
  daily: (date: Date) => date.toISOString().slice(0, 10),
  weekly: isoWeek,
  monthly: (date: Date) => date.toISOString().slice(0, 7),
  yearly: (date: Date) => date.toISOString().slice(0, 4),
} as const;

/** A rule tells which of the points, newest first, it keeps, and under what name. */
type Rule = (newestFirst: readonly RetainablePoint[]) => { id: string; because: string }[];

function keepLast(count: number): Rule {
  return (points) => points.slice(0, count).map(({ id }, index) => ({ id, because: `last ${index + 1}` }));
}

/** The newest point of each of the newest `count` buckets; a clock that jumps back reopens none. */
function keepByBucket(name: keyof typeof BUCKETS, count: number): Rule {
  return (points) => {
    const newestOf = new Map<string, string>();
    for (const { id, capturedAt } of points) {
      const bucket = BUCKETS[name](new Date(capturedAt));
      if (newestOf.size < count && !newestOf.has(bucket)) newestOf.set(bucket, id);
    }
    return [...newestOf].map(([bucket, id]) => ({ id, because: `${name} ${bucket}` }));
  };
}

function keepWithin(duration: string): Rule {
  return (points) => {
    const newest = points[0];
    if (!newest) return [];
    const since = Date.parse(newest.capturedAt) - durationToMs(duration);
    const kept = points.filter(({ capturedAt }) => Date.parse(capturedAt) >= since);
    return kept.map(({ id }) => ({ id, because: `within ${duration}` }));
  };
}

function rulesOf(retain: RetainSpec): Rule[] {
  const buckets = (Object.keys(BUCKETS) as (keyof typeof BUCKETS)[]).map((name) =>
    keepByBucket(name, retain[name] ?? 0),
  );
  return [
    (points) => points.slice(0, 1).map(({ id }) => ({ id, because: 'newest' })),
    keepLast(retain.last ?? 0),
    ...buckets,
    ...(retain.within === undefined ? [] : [keepWithin(retain.within)]),
  ];
}

/**
 * Decides which points stay. A point stays while any rule keeps it; the newest always stays. Hours,
 * days, weeks (ISO), months and years are those of UTC. The order of `points` does not matter. Diverged
 * points always stay, beside what the rules keep of the others: they count for no rule.
 */
export function planRetention(points: readonly RetainablePoint[], retain: RetainSpec): RetentionPlan {
  const byId = (a: RetainablePoint, b: RetainablePoint) => (a.id < b.id ? -1 : 1);
  const oldestFirst = points.toSorted((a, b) => a.sequence - b.sequence || byId(a, b));
  const newestFirst = oldestFirst.filter(({ diverged }) => !diverged).toReversed();
  const divergedOnes = oldestFirst.filter(({ diverged }) => diverged);
  const reasons = new Map(divergedOnes.map(({ id }) => [id, ['diverged']]));
  for (const { id, because } of rulesOf(retain).flatMap((rule) => rule(newestFirst))) {
    reasons.set(id, [...(reasons.get(id) ?? []), because]);
  }
  const keep = oldestFirst.flatMap(({ id }) => {
    const because = reasons.get(id);
    return because ? [{ id, because }] : [];
  });
  return { keep, remove: oldestFirst.flatMap(({ id }) => (reasons.has(id) ? [] : [id])) };
}
