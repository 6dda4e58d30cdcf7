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
  /** Of a device: as long as it is. */
  fixedBytes?: number;
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
  if (question.fixedBytes !== undefined) return checkLength(question, question.fixedBytes);
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

/** A device is written to from its beginning, as far as its source is long, and never grows. */
function checkLength({ host, volume, source }: SpaceQuestion, fixedBytes: number): Failure | undefined {
  if (source.files <= fixedBytes) return undefined;
  const [held, wanted] = [fixedBytes, source.files].map((bytes) => `${formatBytes(bytes)} (${bytes} bytes)`);
  return {
    type: 'TargetFull',
    message: `the target device is too small: it holds ${held}, and the source is ${wanted} long`,
    host,
    volume,
    hint: 'make it as long as the source (lvextend -L), or name another device; nothing was written to it',
  };
}

/** What of a device no sync writes to, since its source is shorter; undefined where there is nothing of the kind. */
export function describeRest(fixedBytes: number | undefined, bytes: number): string | undefined {
  if (fixedBytes === undefined || fixedBytes <= bytes) return undefined;
  return `the device is ${formatBytes(fixedBytes - bytes)} longer than what is copied to it: what lies behind ${formatBytes(bytes)} is left as it is`;
}
