import { DURATION_BUCKETS, type SyncDurations } from '../../catalog/contract';
import { formatLabels } from './exposition';

const NAME = 'tidemark_sync_duration_seconds';

function linesOf({ result, durationCounts, durationSeconds, syncs }: SyncDurations): string[] {
  let cumulated = 0;
  const buckets = [...DURATION_BUCKETS, '+Inf'].map((le, index) => {
    cumulated += durationCounts[index] ?? 0;
    return `${NAME}_bucket${formatLabels(['result', 'le'], [result, String(le)])} ${cumulated}`;
  });
  const at = formatLabels(['result'], [result]);
  return [...buckets, `${NAME}_sum${at} ${durationSeconds}`, `${NAME}_count${at} ${syncs}`];
}

/**
 * A histogram of the durations of all syncs, as Prometheus reads it. Of all relationships together: buckets for each of
 * ten thousand would be most of what is scraped. Pure.
 */
export function renderSyncDurations(durations: readonly SyncDurations[]): string {
  return [
    `# HELP ${NAME} Duration of syncs, from their start to their record.`,
    `# TYPE ${NAME} histogram`,
    ...durations.flatMap(linesOf),
    '',
  ].join('\n');
}
