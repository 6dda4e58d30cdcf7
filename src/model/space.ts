import { formatBytes } from './units';
import type { Failure, PointMethod } from './records';

/** What a sync has to bring over, in bytes; `disk` as the filesystem counts them, `files` as the files are long. */
export interface Growth {
  method: PointMethod;
  source: { disk: number; files: number };
  /** What the newest recovery point holds. `files` is absent where there is none. */
  point: { disk: number; files?: number };
}

/** What the free-space check looks at. */
export interface SpaceQuestion extends Growth {
  host: string;
  volume: string;
  /** Bytes on disk of the target's live replica. */
  replicaBytes: number;
  freeBytes: number;
}

/**
 * Bytes that a sync will need at the target. Hard-linked generations hold what is new since the last
 * one a second time, beside the live replica. Two filesystems seldom agree on what a tree takes (block
 * sizes, compression), so what is new is the less of what either way of counting says: a sync that
 * could fit is never refused.
 */
export function estimateNeededBytes({
  method,
  source,
  point,
  replicaBytes,
}: Growth & Pick<SpaceQuestion, 'replicaBytes'>): number {
  const longer = point.files === undefined ? Infinity : source.files - point.files;
  const beyond = (held: number) => Math.max(0, Math.min(source.disk - held, longer));
  return beyond(replicaBytes) + (method === 'HardLink' ? beyond(point.disk) : 0);
}

/** Refuses a sync that can't fit, before anything is changed; says how much is missing. */
export function checkSpace(question: SpaceQuestion): Failure | undefined {
  const needed = estimateNeededBytes(question);
  if (needed <= question.freeBytes) return undefined;
  return {
    type: 'TargetFull',
    message: `the target needs ${formatBytes(needed)} and has ${formatBytes(question.freeBytes)} free: ${formatBytes(needed - question.freeBytes)} are missing`,
    host: question.host,
    volume: question.volume,
    hint: 'free space there, keep fewer points (retain), or exclude what need not be copied',
  };
}
