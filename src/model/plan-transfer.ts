/** How one target is to be brought up to date: a pure decision, shared by workflows and tests. */
import { planStream } from './plan-stream';
import type { StreamHow, StreamPlan, StreamSituation } from './plan-stream';
import type { Point, PointMethod } from './records';

export interface TransferSituation {
  /** How the target freezes recovery points. */
  method: PointMethod;
  /** The target's live replica has multiply linked files. */
  hasHardLinks: boolean;
  /** The newest recovery point at the target; none before the first sync. */
  newestPoint?: Pick<Point, 'files'>;
  /** Entries that the target holds where no point of ours counts them: of a copy that was adopted. */
  targetEntries?: number;
  /** A transfer was cut off here before, and part of its data is in place. */
  resuming: boolean;
  /** The guard of the spec: `50%`. */
  maxDeletes: string;
  /** `tidemark approve` lifted the guards for this sync. */
  approved: boolean;
  /** What both sides hold, where the mover sends from a common state; otherwise the tree is the base. */
  stream?: StreamSituation;
}

export interface TransferPlan {
  /**
   * `inPlace` writes only the blocks that differ, into the live replica; recovery points keep the old
   * state meanwhile. `delayed` puts whole new files beside the old and renames them at the end.
   */
  writeMode: 'inPlace' | 'delayed';
  how: StreamHow;
  /** For movers that send from a common state. */
  stream?: StreamPlan;
  /** At most so many deletions. Undefined: no limit. */
  maxDeletions?: number;
  /** The same as a share of what both sides hold, where nobody has counted yet. */
  maxDeletionsPercent?: number;
  /** Entries that the target holds: what is sent replaces them. Only where they are known and limited. */
  targetEntries?: number;
}

/**
 * Two names of one inode at the target may be two files at the source by now; written in place, each
 * would undo the other for ever. And where no recovery point exists, a reader of the replica must not
 * see half-written files.
 */
function chooseWriteMode({ method, hasHardLinks }: TransferSituation): TransferPlan['writeMode'] {
  return hasHardLinks || method === 'Direct' ? 'delayed' : 'inPlace';
}

type Limit = Pick<TransferPlan, 'maxDeletions' | 'maxDeletionsPercent' | 'targetEntries'>;
type LimitQuestion = Pick<
  TransferSituation,
  'newestPoint' | 'targetEntries' | 'maxDeletes' | 'approved' | 'stream'
>;

/** At most so many deletions; none where there is no limit. */
export function limitDeletions(question: LimitQuestion): Limit {
  const { newestPoint, targetEntries = 0, maxDeletes, approved, stream } = question;
  const percent = Number.parseInt(maxDeletes, 10);
  if (approved || percent >= 100) return {};
  const shareOf = (entries: number) => Math.floor((percent / 100) * entries);
  if (!stream) {
    if (!newestPoint) return {};
    // Of the point: the replica may lack what a broken attempt deleted already.
    return { maxDeletions: shareOf(newestPoint.files), targetEntries: newestPoint.files };
  }
  if (!stream.targetExists) return {};
  // What a stream brings replaces everything, whoever put it there.
  const entries = newestPoint?.files || targetEntries;
  return entries > 0
    ? { maxDeletions: shareOf(entries), targetEntries: entries }
    : { maxDeletionsPercent: percent };
}

/** Chooses how to write, names the kind of transfer, and limits what it may delete. */
export function planTransfer(situation: TransferSituation): TransferPlan {
  const { resuming, newestPoint } = situation;
  if (situation.stream) {
    const stream = planStream(situation.stream);
    return { writeMode: 'inPlace', how: stream.how, stream, ...limitDeletions(situation) };
  }
  return {
    writeMode: chooseWriteMode(situation),
    how: resuming ? 'resume' : newestPoint ? 'incremental' : 'full',
    ...limitDeletions(situation),
  };
}
