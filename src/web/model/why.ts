/** Why it fails: one sentence, the tool's own line, how often, and what to do. Pure. */
import type { SyncEntry, TargetEntry } from '../../catalog/contract';
import type { Failure, Instant } from '../../model/records';
import type { RelationshipStatus } from '../../model/status';

export interface Trouble {
  /** The target that it failed at; null of the sync as a whole. */
  target: string | null;
  type: string;
  sentence: string;
  /** What the tool printed. */
  tool: string | null;
  hint: string | null;
  /** Where it failed. */
  host: string | null;
  /** Transfers that were tried in the last sync; null where that is not recorded. */
  attempts: number | null;
  /** Syncs in a row that failed. */
  failures: number;
  /** When it is tried again by itself. */
  retryAt: Instant | null;
}

type Known = Pick<RelationshipStatus, 'targets' | 'consecutiveFailures' | 'retryAt'>;

function troubleOf(target: string, failure: Failure, last: TargetEntry | undefined, known: Known): Trouble {
  const { type, message, toolMessage, hint, host } = failure;
  return {
    ...{ target, type, sentence: message, tool: toolMessage?.trim() || null, hint: hint ?? null },
    ...{ host: host ?? null, attempts: last?.attempts ?? null },
    ...{ failures: known.consecutiveFailures, retryAt: known.retryAt ?? null },
  };
}

/** One for each target whose last sync failed, and one where a sync failed before it came to any. */
export function troublesOf(status: Known, newest: SyncEntry | undefined): Trouble[] {
  const atTargets = status.targets.flatMap(({ name, lastError }) => {
    const last = newest?.targets.find((each) => each.name === name && each.result !== 'succeeded');
    return lastError ? [troubleOf(name, lastError, last, status)] : [];
  });
  if (atTargets.length > 0 || newest?.result !== 'failed' || !newest.error) return atTargets;
  const { errorType, error, hint } = newest;
  const failure = { type: (errorType ?? 'Unknown') as Failure['type'], message: error };
  return [{ ...troubleOf('', { ...failure, ...(hint && { hint }) }, undefined, status), target: null }];
}

/** The newest sync, and the newest that succeeded: side by side they say since when it fails. */
export function lastResults(syncs: readonly SyncEntry[]) {
  return { last: syncs[0], lastSuccess: syncs.find(({ result }) => result === 'succeeded') };
}
