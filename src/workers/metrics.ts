import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Catalog } from '../catalog/contract';
import { readVersion } from '../client/version';
import { within } from '../client/within';
import type { FleetSource } from './fleet/fleet';
import type { HostsSource } from './hosts-seen';
import { CatalogSums } from './scrape/catalog-sums';
import { FLEET } from './scrape/definitions';
import { describeFleet, describeHosts } from './scrape/describe-fleet';
import { Exposition } from './scrape/exposition';
import { NO_PROGRESS, type ProgressSource } from './scrape/running-progress';
import { renderSyncDurations } from './scrape/sync-durations';
import { fetchSdkMetrics } from './sdk-metrics';

/** Temporal that hangs is not waited for longer: Prometheus gives a scrape up after ten seconds. */
const HOSTS_MS = 4000;

/** Metrics as Prometheus reads them. */
export interface MetricsSource {
  readonly contentType: string;
  /** Taken again at each call. Never throws for a part that does not answer: a gauge or comment says so. */
  text(): Promise<string>;
}

export interface ControlMetricsOptions {
  catalog: Pick<Catalog, 'totals' | 'syncDurations'>;
  hosts: HostsSource;
  /** How all relationships are. */
  fleet: FleetSource;
  /** How far running operations are. */
  running?: ProgressSource;
  /** Labels of relationships that are told. */
  labelNames?: readonly string[];
  /** `HOST:PORT` of the SDK's own metrics. */
  sdkMetricsAddress?: string;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** The registry of a worker, with what prom-client tells of any process, and what this one is. */
export function makeRegistry(worker: 'control' | 'agent'): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    ...{ name: 'tidemark_build_info', help: '1, with the version of this worker.' },
    ...{ labelNames: ['worker', 'version'], registers: [registry] },
  }).set({ worker, version: readVersion() }, 1);
  return registry;
}

/**
 * A registry as a source, with the SDK's metrics after it.
 * @param more answers at each read what the registry does not hold, as Prometheus reads it
 */
export function makeMetricsSource(
  registry: Registry,
  sdkMetricsAddress?: string,
  more?: () => Promise<string>,
): MetricsSource {
  return {
    contentType: registry.contentType,
    async text() {
      const [own, others, sdk] = await Promise.all([
        registry.metrics(),
        more?.(),
        sdkMetricsAddress && fetchSdkMetrics(sdkMetricsAddress),
      ]);
      return [own, others, sdk].filter((text) => text !== undefined && text !== '').join('\n');
    },
  };
}

/** The metrics of the control worker: sums come from the catalog, so that they outlive restarts. */
export function makeControlMetrics(options: ControlMetricsOptions): MetricsSource {
  const { hosts, sdkMetricsAddress } = options;
  const sums = new CatalogSums(options.catalog);
  return makeMetricsSource(makeRegistry('control'), sdkMetricsAddress, async () => {
    const [known, seen] = await Promise.allSettled([
      readFleet(options, sums),
      within('Temporal', hosts.hosts(), Date.now() + HOSTS_MS),
    ]);
    const page = new Exposition();
    page.add(FLEET.catalogUp, [], known.status === 'fulfilled' ? 1 : 0);
    page.add(FLEET.temporalUp, [], seen.status === 'fulfilled' ? 1 : 0);
    if (known.status === 'fulfilled') describeFleet(page, known.value);
    if (seen.status === 'fulfilled') describeHosts(page, seen.value);
    const durations = known.status === 'fulfilled' ? known.value.durations : [];
    return page.text() + renderSyncDurations(durations);
  });
}

async function readFleet(options: ControlMetricsOptions, sums: CatalogSums) {
  const { catalog, fleet, running = NO_PROGRESS, labelNames = [], now = Date.now } = options;
  const found = await fleet.now();
  const [durations, sumsOf, progress] = await Promise.all([
    catalog.syncDurations(),
    sums.read(found.states, now()),
    // Of a Temporal that does not answer, there is nothing to ask.
    found.trouble === null ? running.progress(found.states) : [],
  ]);
  return { ...found, durations, sumsOf, running: progress, labelNames, nowMs: now() };
}
