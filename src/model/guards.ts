import type { Failure } from './records';

/** What the guards of a sync look at, for one target. */
export interface GuardQuestion {
  relationship: string;
  source: { host: string; volume: string; empty: boolean };
  target: {
    name: string;
    host: string;
    volume: string;
    files: number;
    /** The volume's own folder is among these files: an empty one has one. */
    countsItself: boolean;
    foreign: boolean;
  };
  allowEmpty: boolean;
  allowForeign: boolean;
  /** `tidemark approve` was given for this sync. */
  approved: boolean;
}

/** What is known of the deletions of a stream, before its first byte goes. */
export interface DeletionQuestion {
  /** Entries of the base that the frozen state no longer has; left out where there is no base. */
  removed?: number;
  /** Entries of that base. */
  baseEntries?: number;
  /** Entries of the frozen state. */
  entries: number;
  /** Entries that the target holds, which need not be those of the base. */
  targetEntries?: number;
  /** See `TransferPlan`. */
  maxDeletions?: number;
  maxDeletionsPercent?: number;
}

/** What to do about a sync that would take more away than is allowed without approval. */
export function approvalHint(relationship: string): string {
  return `look at the source; if this is meant, run: tidemark approve ${relationship}`;
}

/**
 * Whether a stream would delete more than is allowed without approval, and how much. Where what the target holds is no state
 * of the source, at least as many entries go as there are fewer.
 */
export function judgeDeletions(question: DeletionQuestion): { deleted: number; allowed: number } | undefined {
  const { removed = 0, baseEntries = 0, entries, targetEntries = 0 } = question;
  const { maxDeletions, maxDeletionsPercent } = question;
  const held = Math.max(baseEntries, targetEntries);
  const share =
    maxDeletionsPercent === undefined ? undefined : Math.floor((maxDeletionsPercent / 100) * held);
  const allowed = maxDeletions ?? share;
  const deleted = Math.max(removed, targetEntries - entries);
  return allowed !== undefined && deleted > allowed ? { deleted, allowed } : undefined;
}

/** What a sync never does without approval: wipe a full target from an empty source, overwrite foreign data. */
export function checkGuards({
  relationship,
  source,
  target,
  allowEmpty,
  allowForeign,
  approved,
}: GuardQuestion): Failure | undefined {
  if (approved) return undefined;
  const approve = `if that is meant: tidemark approve ${relationship}`;
  const held = Math.max(0, target.files - (target.countsItself ? 1 : 0));
  if (source.empty && held > 0 && !allowEmpty) {
    return {
      type: 'ApprovalRequired',
      message: `the source is empty, and the newest recovery point of target ${target.name} holds ${held} ${held === 1 ? 'entry' : 'entries'}`,
      host: source.host,
      volume: source.volume,
      hint: `see whether the volume is mounted and whole; ${approve}, or set guards.allowEmpty`,
    };
  }
  if (target.foreign && !allowForeign) {
    return {
      type: 'ApprovalRequired',
      message: `target ${target.name} holds data that no sync put there, and it would be replaced`,
      host: target.host,
      volume: target.volume,
      hint: `name an empty or new directory; ${approve}`,
    };
  }
  return undefined;
}
