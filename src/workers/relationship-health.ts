import type { RelationshipEntry, TargetFreshness } from '../catalog/contract';
import { volumePath } from '../model/endpoints';
import { assess, watchedOf } from '../model/health';
import type { RelationshipHealth } from '../model/health';
import type { RelationshipStatus } from '../model/status';
import type { KnownState } from './fleet/known-states';

/**
 * How a relationship is. By what it says itself, as `tidemark get` shows it; where it can't be asked, as far as the
 * catalog knows.
 */
export function healthOf(
  { document, targets }: RelationshipEntry,
  nowMs: number,
  known?: KnownState,
): RelationshipHealth {
  if (known && 'status' in known) {
    const { status, unanswered } = known;
    const watched = { ...watchedOf(status), ...(unanswered !== undefined && { unanswered }) };
    return assess(status.document, watched, nowMs);
  }
  return assess(document, { targets, paused: false, ...known }, nowMs);
}

/** The endpoints as they hold now: while a target is the primary, it is the source. */
export function endpointsNow(
  entry: RelationshipEntry,
  known?: KnownState,
): Pick<RelationshipEntry, 'source' | 'targets'> {
  if (!known || !('status' in known)) return entry;
  const { document, targets } = known.status;
  const { host, copyMethod } = document.spec.source;
  return {
    source: { host, volume: volumePath(document.spec.source), copyMethod },
    targets: targets.map(freshnessOf),
  };
}

function freshnessOf(target: RelationshipStatus['targets'][number]): TargetFreshness {
  const { name, host, result, recoveryPoint, capturedAt, lastError } = target;
  return {
    ...{ name, host },
    recoveryPoint: recoveryPoint ?? null,
    capturedAt: capturedAt ?? null,
    result: result === 'never' ? null : result,
    errorType: lastError?.type ?? null,
  };
}
