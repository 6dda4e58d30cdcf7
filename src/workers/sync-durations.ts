import { DURATION_BUCKETS, type SyncTotals } from '../catalog/contract';

const NAME = 'tidemark_sync_duration_seconds';

const escapeLabel = (value: string) =>
  value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);

function linesOf({ relationship, result, durationCounts, durationSeconds, syncs }: SyncTotals): string[] {
  const labels = `relationship="${escapeLabel(relationship)}",result="${escapeLabel(result)}"`;
  let cumulated = 0;
  const buckets = [...DURATION_BUCKETS, '+Inf'].map((le, index) => {
    cumulated += durationCounts[index] ?? 0;
    return `${NAME}_bucket{${labels},le="${le}"} ${cumulated}`;
  });
  return [...buckets, `${NAME}_sum{${labels}} ${durationSeconds}`, `${NAME}_count{${labels}} ${syncs}`];
}

/**
 * A histogram of the durations of all syncs, as Prometheus reads it. Their counts come from the catalog, and not from
 * observations in this process: prom-client has no way to be given them. Pure.
 */
export function renderSyncDurations(totals: readonly SyncTotals[]): string {
  return [
    `# HELP ${NAME} Duration of syncs, from their start to their record.`,
    `# TYPE ${NAME} histogram`,
    ...totals.flatMap(linesOf),
    '',
  ].join('\n');
}
