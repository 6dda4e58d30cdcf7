/** Recovery points on an axis of ages, and what keeps each. Pure. */
import type { PointEntry } from '../../catalog/contract';

/** What kind of rule keeps a point; `other`: whatever else says that it has to stay. */
export const KEEPERS = [
  'diverged',
  'yearly',
  'monthly',
  'weekly',
  'daily',
  'hourly',
  'last',
  'other',
] as const;
export type Keeper = (typeof KEEPERS)[number];

const RULES: Readonly<Record<string, Keeper>> = {
  ...{ newest: 'last', last: 'last', within: 'last', hourly: 'hourly', daily: 'daily', weekly: 'weekly' },
  ...{ monthly: 'monthly', yearly: 'yearly', diverged: 'diverged' },
};

/** The rule that will keep it for longest. */
export function keeperOf({ keptBecause }: Pick<PointEntry, 'keptBecause'>): Keeper {
  const found = keptBecause.map((reason) => RULES[reason.split(' ')[0] ?? ''] ?? 'other');
  return KEEPERS.find((keeper) => found.includes(keeper)) ?? 'other';
}

export interface PointMark {
  point: PointEntry;
  keeper: Keeper;
  x: number;
  isNewest: boolean;
}

export interface Lane {
  target: string;
  marks: PointMark[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const TICKS: readonly [ms: number, text: string][] = [
  ...([
    [MINUTE_MS, 'now'],
    [10 * MINUTE_MS, '10m'],
    [HOUR_MS, '1h'],
    [6 * HOUR_MS, '6h'],
    [DAY_MS, '1d'],
    [7 * DAY_MS, '1w'],
    [30 * DAY_MS, '1mo'],
    [182 * DAY_MS, '6mo'],
    [365 * DAY_MS, '1y'],
    [5 * 365 * DAY_MS, '5y'],
  ] as [number, string][]),
];

/** Nearer than that, words on the axis would touch. */
const LEAST_APART = 34;

export interface PointChart {
  /** A target each, in the order given. */
  lanes: Lane[];
  ticks: { at: number; text: string }[];
}

/**
 * The age grows to the left, by its logarithm: retention keeps many young points and few old ones.
 * @param width of the axis
 */
export function layoutPoints(
  points: readonly PointEntry[],
  targets: readonly string[],
  nowMs: number,
  width: number,
): PointChart {
  const ageMs = (at: string) => Math.max(MINUTE_MS, nowMs - Date.parse(at));
  const oldest = Math.max(2 * HOUR_MS, ...points.map(({ capturedAt }) => ageMs(capturedAt)));
  // From a minute, at the right, to a little more than the oldest.
  const most = Math.log((oldest * 1.1) / MINUTE_MS);
  const x = (ms: number) => width * (1 - Math.log(ms / MINUTE_MS) / most);
  const lanes = targets.map((target) => {
    const own = points.filter((each) => each.target === target);
    const newest = own.reduce<string>((best, { capturedAt }) => (capturedAt > best ? capturedAt : best), '');
    return {
      target,
      marks: own.map((point) => ({
        ...{ point, keeper: keeperOf(point), x: x(ageMs(point.capturedAt)) },
        isNewest: point.capturedAt === newest,
      })),
    };
  });
  const ticks: PointChart['ticks'] = [];
  for (const [ms, text] of TICKS) {
    const at = x(ms);
    const isFree = ticks.length === 0 || (ticks.at(-1)?.at ?? 0) - at >= LEAST_APART;
    if (ms <= oldest && at >= 0 && isFree) ticks.push({ at, text });
  }
  return { lanes, ticks };
}

/** What a picture of them says, to whoever can't see it. */
export function describePoints(points: readonly PointEntry[]): string {
  const verified = points.filter((each) => each.verified !== null).length;
  const diverged = points.filter((each) => keeperOf(each) === 'diverged').length;
  return `${points.length} recovery points, ${verified} verified${diverged > 0 ? `, ${diverged} diverged` : ''}`;
}

export const KEEPER_TEXT: Readonly<Record<Keeper, string>> = {
  ...{ diverged: 'diverged: what an old primary had for itself', yearly: 'yearly', monthly: 'monthly' },
  ...{ weekly: 'weekly', daily: 'daily', hourly: 'hourly', last: 'newest and last', other: 'held' },
};
