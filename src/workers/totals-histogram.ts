import { Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from 'prom-client';
import { DURATION_BUCKETS, type SyncTotals } from '../catalog/contract';

type Label = 'relationship' | 'result';
type Series = MetricValueWithName<Label>;

const NAME = 'tidemark_sync_duration_seconds';
const HELP = 'Duration of syncs, from their start to their record.';
/** The declared enum of prom-client has no counterpart at run time, where a type is its name. */
const HISTOGRAM = 'histogram' as unknown as MetricObjectWithValues<Series>['type'];

/**
 * A histogram of sync durations whose counts come from the catalog instead of from observations in
 * this process, which prom-client's own cannot be given.
 */
export class SyncDurationHistogram extends Histogram<Label> {
  private totals: readonly SyncTotals[] = [];

  constructor(registry: Registry) {
    super({
      name: NAME,
      help: HELP,
      labelNames: ['relationship', 'result'],
      buckets: [...DURATION_BUCKETS],
      registers: [registry],
    });
  }

  setTotals(totals: readonly SyncTotals[]): void {
    this.totals = totals;
  }

  override get(): Promise<MetricObjectWithValues<Series>> {
    return Promise.resolve({
      name: NAME,
      help: HELP,
      type: HISTOGRAM,
      aggregator: 'sum',
      collect: () => undefined,
      values: this.totals.flatMap(seriesOf),
    });
  }

  /** What the registry calls for its text, in place of `get`. */
  getForPromString(): Promise<MetricObjectWithValues<Series>> {
    return this.get();
  }
}

function seriesOf(total: SyncTotals): Series[] {
  const labels = { relationship: total.relationship, result: total.result };
  let cumulated = 0;
  const buckets = [...DURATION_BUCKETS, '+Inf'].map((le, index) => {
    cumulated += total.durationCounts[index] ?? 0;
    return { metricName: `${NAME}_bucket`, labels: { ...labels, le }, value: cumulated };
  });
  return [
    ...buckets,
    { metricName: `${NAME}_sum`, labels, value: total.durationSeconds },
    { metricName: `${NAME}_count`, labels, value: total.syncs },
  ];
}
