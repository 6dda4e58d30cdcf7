/** Applies retention to the points of a target: after a publish, and where a target that is full needs room. */
import { Context } from '@temporalio/activity';
import type { Host } from '../../hosts/contract';
import { describeError, TidemarkError } from '../../model/errors';
import { withoutExamples } from '../../model/left-out';
import type { KeptPoint, Point, Volume } from '../../model/records';
import { planRetention } from '../../model/retention';
import type { RetainSpec } from '../../model/spec';
import type { VolumeDriver } from '../../volumes/contract';
import type { HostActivities } from '../contract';
import { findRead, whileGoing } from './being-read';
import type { AgentContext } from './context';
import type { Exclusive } from './exclusive';
import { stepKey } from './transfer';

/** Joins the points that are kept with why they are. */
function explain(points: readonly Point[], retain: RetainSpec): { kept: KeptPoint[]; remove: string[] } {
  const plan = planRetention(points, retain);
  const because = new Map(plan.keep.map(({ id, because: reasons }) => [id, reasons]));
  const kept = points.flatMap((point) => {
    const keptBecause = because.get(point.id);
    if (!keptBecause) return [];
    const { leftOut } = point;
    // Hundreds of points travel in one answer: the examples of all but the newest are in the catalog already.
    const isNewest = point === points.at(-1);
    return [{ ...point, ...(leftOut && !isNewest && { leftOut: withoutExamples(leftOut) }), keptBecause }];
  });
  return { kept, remove: plan.remove };
}

/** With what is only kept as somebody looks into it, in the order of all. */
function withRead(all: readonly Point[], kept: readonly KeptPoint[], read: readonly string[]): KeptPoint[] {
  if (read.length === 0) return [...kept];
  return all.flatMap((point): KeptPoint[] => {
    const why = kept.find(({ id }) => id === point.id);
    if (why) return [why];
    return read.includes(point.id) ? [{ ...point, keptBecause: ['being read'] }] : [];
  });
}

export interface KeptPoints {
  points: KeptPoint[];
  /** How many went. */
  removed: number;
  /** Why some of what is to go is still there. It is tried again after every sync. */
  warning?: string;
}

/**
 * Removes what retention no longer keeps. What can't be removed is a warning: the points that are kept are whole.
 * @throws where the points can't be listed, or the step was cancelled
 */
export async function keepPoints(
  { host, volume, driver }: { host: Host; volume: Volume; driver: VolumeDriver },
  {
    relationship,
    retain,
    ...how
  }: { relationship: string; retain: RetainSpec; signal: AbortSignal; later?: boolean },
): Promise<KeptPoints> {
  const all = await driver.points(host, volume, relationship);
  const { kept, remove: due } = explain(all, retain);
  const place = { host, volume, relationship };
  const read = findRead(place, due);
  const remove = due.filter((id) => !read.includes(id));
  try {
    const request = { relationship, removePointIds: remove, ...how };
    await whileGoing(place, remove, () => driver.prune(host, volume, request));
    return { points: withRead(all, kept, read), removed: remove.length };
  } catch (error) {
    how.signal.throwIfAborted();
    const left = await driver.points(host, volume, relationship);
    const still = left.filter(({ id }) => due.includes(id));
    return {
      points: left.flatMap((point) => {
        const why = kept.find(({ id }) => id === point.id);
        return why
          ? [why]
          : still.includes(point)
            ? [{ ...point, keptBecause: ['could not be removed'] }]
            : [];
      }),
      removed: due.length - still.length,
      warning: `what retention no longer keeps could not all be removed: ${textOf(error)}`,
    };
  }
}

function textOf(error: unknown): string {
  if (error instanceof TidemarkError) return describeError(error.type, error.message, error.details);
  return error instanceof Error ? error.message : String(error);
}

export function makeMakeRoom(
  { host, volumes }: AgentContext,
  exclusive: Exclusive,
): Pick<HostActivities, 'makeRoom'> {
  return {
    makeRoom: (input) =>
      exclusive.run(host, stepKey(host, input), async (marked) => {
        const { volume, claim, retain } = input;
        const driver = volumes.driverFor(volume);
        await driver.check(marked, volume, claim);
        const { removed, warning } = await keepPoints(
          { host: marked, volume, driver },
          {
            relationship: claim.relationship,
            retain,
            signal: Context.current().cancellationSignal,
          },
        );
        return { removed, ...(warning !== undefined && { warning }) };
      }),
  };
}
