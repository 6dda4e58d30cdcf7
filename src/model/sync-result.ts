import type { SyncRecord, TargetOutcome } from './records';

/** The result of a sync from those of its targets; `external` ones are somebody else's. */
export function syncResult(targets: readonly TargetOutcome[]): SyncRecord['result'] {
  const ours = targets.filter((target) => target.result !== 'external');
  if (ours.every((target) => target.result === 'succeeded')) return 'succeeded';
  if (ours.some((target) => target.result === 'cancelled')) return 'cancelled';
  return ours.some((target) => target.result === 'succeeded') ? 'partial' : 'failed';
}
