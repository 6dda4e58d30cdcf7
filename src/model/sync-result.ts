import type { SyncRecord, TargetOutcome } from './records';

/** The result of a sync from those of its targets. */
export function syncResult(targets: readonly TargetOutcome[]): SyncRecord['result'] {
  if (targets.every((target) => target.result === 'succeeded')) return 'succeeded';
  if (targets.some((target) => target.result === 'cancelled')) return 'cancelled';
  return targets.some((target) => target.result === 'succeeded') ? 'partial' : 'failed';
}
