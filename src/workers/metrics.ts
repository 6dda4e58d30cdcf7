import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Catalog, RelationshipEntry, Totals } from '../catalog/contract';
import { HEALTHS, isRpoKept } from '../model/health';
import { healthOf } from './relationship-health';
import type { HostSeen } from '../api/host-seen';
import type { HostsSource } from './hosts-seen';
import { fetchSdkMetrics } from './sdk-metrics';
import { renderSyncDurations } from './sync-durations';
import { CATALOG_ALONE } from './fleet/known-states';
import type { KnownState, StatesSource } from './fleet/known-states';

const RESULTS = ['succeeded', 'partial', 'failed', 'cancelled'] as const;

/** Metrics as Prometheus reads them. */
export interface MetricsSource {
  readonly contentType: string;
  /** Taken again at each call. Never throws for a part that does not answer: a gauge or comment says so. */
  text(): Promise<string>;
}

export interface ControlMetricsOptions {
  catalog: Pick<Catalog, 'relationships' | 'totals'>;
  hosts: HostsSource;
  /** What relationships say of themselves. */
  states?: StatesSource;
  /** `HOST:PORT` of the SDK's own metrics. */
  sdkMetricsAddress?: string;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** The registry of a worker, with what prom-client tells of any process. */
export function makeRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * A registry as a source, with the SDK's metrics after it.
 * @param refresh called before each read; answers what the registry does not hold, as Prometheus reads it
 */
export function makeMetricsSource(
  registry: Registry,
  sdkMetricsAddress?: string,
  refresh?: () => Promise<string>,
): MetricsSource {
  return {
    contentType: registry.contentType,
    async text() {
      const more = await refresh?.();
      const own = await registry.metrics();
      const sdk = sdkMetricsAddress && (await fetchSdkMetrics(sdkMetricsAddress));
      return [own, more, sdk].filter((text) => text !== undefined && text !== '').join('\n');
    },
  };
}

/** The metrics of the control worker: sums come from the catalog, so that they outlive restarts. */
export function makeControlMetrics({
  catalog,
  hosts,
  states = CATALOG_ALONE,
  sdkMetricsAddress,
  now,
}: ControlMetricsOptions): MetricsSource {
  const registry = makeRegistry();
  const metrics = makeControlGauges(registry);
  const refresh = async () => {
    const [known, seen] = await Promise.allSettled([
      Promise.all([catalog.relationships(), catalog.totals()]),
      hosts.hosts(),
    ]);
    metrics.catalogUp.set(known.status === 'fulfilled' ? 1 : 0);
    metrics.temporalUp.set(seen.status === 'fulfilled' ? 1 : 0);
    const [relationships, totals] =
      known.status === 'fulfilled' ? known.value : [[], { syncs: [], missedTicks: [] }];
    const said = await states.states(relationships.map(({ name }) => name));
    setFreshness(metrics, relationships, (now ?? Date.now)(), said);
    setTotals(metrics, relationships, totals);
    setHosts(metrics, seen.status === 'fulfilled' ? seen.value : []);
    return renderSyncDurations(totals.syncs);
  };
  return makeMetricsSource(registry, sdkMetricsAddress, refresh);
}

type ControlGauges = ReturnType<typeof makeControlGauges>;

function makeControlGauges(registry: Registry) {
  const registers = [registry];
  const target = ['relationship', 'target'] as const;
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers });
  return {
    lag: gauge(
      'tidemark_lag_seconds',
      "Age of a target's newest recovery point; absent before the first.",
      target,
    ),
    rpo: gauge('tidemark_rpo_seconds', 'What that age is promised not to exceed.', target),
    rpoMet: gauge(
      'tidemark_rpo_met',
      '1 while the promise is kept; 0 also before the first recovery point.',
      target,
    ),
    status: gauge(
      'tidemark_target_status',
      '0 for up, 1 for warn: beyond twice what was promised, its last sync failed, somebody is waited for, or Temporal does not answer; 2 for down: beyond three times, never synced, failed over, or its relationship does not run.',
      target,
    ),
    syncs: counter('tidemark_syncs_total', 'Syncs that ended.', ['relationship', 'result']),
    bytes: counter('tidemark_bytes_sent_total', 'Bytes on the wire, both directions, to all targets.', [
      'relationship',
    ]),
    files: counter('tidemark_files_changed_total', 'Entries created, changed or deleted at all targets.', [
      'relationship',
    ]),
    missed: counter(
      'tidemark_missed_ticks_total',
      'Ticks of the schedule that fell into a running operation.',
      ['relationship'],
    ),
    agentSeen: gauge('tidemark_agent_seen', '1 while an agent polls for work of this host.', ['host']),
    agentLastSeen: gauge(
      'tidemark_agent_last_seen_timestamp_seconds',
      'When an agent last polled for work of this host.',
      ['host'],
    ),
    catalogUp: gauge('tidemark_catalog_up', '1 while the catalog answers.'),
    temporalUp: gauge('tidemark_temporal_up', '1 while Temporal answers.'),
  };
}

function setFreshness(
  metrics: ControlGauges,
  relationships: RelationshipEntry[],
  now: number,
  said: ReadonlyMap<string, KnownState>,
): void {
  for (const gauge of [metrics.lag, metrics.rpo, metrics.rpoMet, metrics.status]) gauge.reset();
  for (const entry of relationships) {
    const health = healthOf(entry, now, said.get(entry.name));
    // A selector that means nobody: there is no target to tell of, and yet something is wrong.
    if (health.targets.length === 0)
      metrics.status.set({ relationship: entry.name, target: '' }, HEALTHS.indexOf(health.status));
    for (const target of health.targets) {
      const { status, lagSeconds, promised } = target;
      const labels = { relationship: entry.name, target: target.name };
      const isKept = isRpoKept(target);
      metrics.status.set(labels, HEALTHS.indexOf(status));
      if (lagSeconds !== null) metrics.lag.set(labels, lagSeconds);
      if (isKept === null || !promised) continue;
      metrics.rpo.set(labels, promised.seconds);
      metrics.rpoMet.set(labels, isKept ? 1 : 0);
    }
  }
}

function setTotals(metrics: ControlGauges, relationships: RelationshipEntry[], totals: Totals): void {
  for (const counter of [metrics.syncs, metrics.bytes, metrics.files, metrics.missed]) counter.reset();
  // From zero, so that the first sync of each kind shows as an increase.
  for (const { name: relationship } of relationships) {
    for (const result of RESULTS) metrics.syncs.inc({ relationship, result }, 0);
    for (const counter of [metrics.bytes, metrics.files, metrics.missed]) counter.inc({ relationship }, 0);
  }
  for (const { relationship, result, syncs, bytesSent, filesChanged } of totals.syncs) {
    metrics.syncs.inc({ relationship, result }, syncs);
    metrics.bytes.inc({ relationship }, bytesSent);
    metrics.files.inc({ relationship }, filesChanged);
  }
  for (const { relationship, count } of totals.missedTicks) metrics.missed.inc({ relationship }, count);
}

function setHosts(metrics: ControlGauges, hosts: HostSeen[]): void {
  metrics.agentSeen.reset();
  metrics.agentLastSeen.reset();
  // Of one that nobody needs, none is missed.
  for (const { name: host, seen, lastSeenAt } of hosts.filter(({ named }) => named)) {
    metrics.agentSeen.set({ host }, seen ? 1 : 0);
    if (lastSeenAt) metrics.agentLastSeen.set({ host }, Date.parse(lastSeenAt) / 1000);
  }
}
