/** What a failover would cost, before anybody decides. Pure. */
import { mergeLeftOut, type LeftOut } from './left-out';
import type { Comparison, Failure, Instant, Point } from './records';
import { formatDuration } from './units';

/** Examples of what would be lost; more would only be scrolled past. */
const EXAMPLES = 10;

export interface Price {
  relationship: string;
  /** In which epoch it was asked for: a failover at this price is one from there. */
  epoch?: number;
  /** The target that would take over. */
  target: string;
  host: string;
  volume: string;
  /** What it would go back to. Null: no sync to this target ever ended. */
  point: Pick<Point, 'id' | 'capturedAt' | 'bytes' | 'files'> | null;
  ageSeconds: number | null;
  verifiedAt: Instant | null;
  /** What the source has that the point has not: lost to whoever goes on at the target. Null: not known. */
  changed: { entries: number; bytes: number; examples: string[] } | null;
  /** What of the source the point does not hold, as far as was found when it was made. */
  leftOut: LeftOut[];
  /** Recovery points captured later, which this choice leaves behind. */
  newerPoints: number;
  /** What can't be known, and why. */
  unknown: string[];
  /** Why it is refused unless that is accepted in words. */
  objections: string[];
}

export interface PriceFindings {
  relationship: string;
  target: string;
  host: string;
  volume: string;
  points: readonly Point[];
  /** The point that somebody chose; by default the newest. */
  pointId?: string;
  /** The only copy is the live replica, and a transfer into it was cut off. */
  broken: boolean;
  /** What the source answered; its failure where it could not. */
  comparison?: Comparison | Failure;
  nowMs: number;
}

/** Points that a failover may go back to: not what an old primary had for itself, unless it is asked for. */
export function choosePoint(points: readonly Point[], pointId: string | undefined): Point | undefined {
  return pointId === undefined
    ? points.findLast(({ diverged }) => !diverged)
    : points.find(({ id }) => id === pointId);
}

function objectionsOf(
  { points, pointId, target, broken }: PriceFindings,
  point: Point | undefined,
): string[] {
  if (pointId !== undefined && !point) return [`${target} has no recovery point ${pointId}`];
  if (!point) return [`no sync to ${target} has ever ended: what is there is not a whole copy`];
  if (broken && point.method === 'Direct') {
    return [
      `${target} keeps no recovery points, and a transfer into its only copy was cut off: it is not whole`,
    ];
  }
  const isOlder = points.some(({ sequence, diverged }) => sequence > point.sequence && !diverged);
  return isOlder && point.method === 'Direct' ? [`${target} keeps its newest state alone`] : [];
}

function unknownOf({ comparison, target, nowMs }: PriceFindings, point: Point | undefined): string[] {
  const unknown: string[] = [];
  if (comparison && 'type' in comparison)
    unknown.push(`what was written at the source since: ${comparison.message}`);
  if (point && !point.verifiedAt)
    unknown.push(`whether ${target} equals its source to the last byte: this point was never verified`);
  if (point && Date.parse(point.capturedAt) > nowMs)
    unknown.push(
      `how old it is: it was captured ${formatDuration(Date.parse(point.capturedAt) - nowMs)} from now, so a clock is wrong`,
    );
  return unknown;
}

export function makePrice(findings: PriceFindings): Price {
  const { relationship, target, host, volume, points, pointId, comparison, nowMs } = findings;
  const point = choosePoint(points, pointId);
  const known = comparison && !('type' in comparison) ? comparison : undefined;
  return {
    relationship,
    target,
    host,
    volume,
    point: point
      ? { id: point.id, capturedAt: point.capturedAt, bytes: point.bytes, files: point.files }
      : null,
    ageSeconds: point ? Math.max(0, Math.round((nowMs - Date.parse(point.capturedAt)) / 1000)) : null,
    verifiedAt: point?.verifiedAt ?? null,
    changed: known
      ? {
          entries: known.total,
          bytes: known.bytes,
          examples: known.differences.slice(0, EXAMPLES).map(({ path }) => path),
        }
      : null,
    leftOut: mergeLeftOut(point?.leftOut),
    newerPoints: point
      ? points.filter(({ sequence, diverged }) => sequence > point.sequence && !diverged).length
      : 0,
    unknown: unknownOf(findings, point),
    objections: objectionsOf(findings, point),
  };
}
