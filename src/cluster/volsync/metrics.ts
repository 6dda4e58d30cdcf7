/** The metrics of Scribe's and VolSync's resources, by VolSync's names, for dashboards and alerts that people have. */
import { Counter, Gauge, type Registry, Summary } from 'prom-client';
import type { ClusterObject } from '../../hosts/cluster/objects';
import { makeCron } from '../../model/cron';

/** What is read of a resource. */
export interface MeasuredResource extends ClusterObject {
  spec?: Partial<Record<Method, object>> & { trigger?: { schedule?: string; manual?: string } };
  status?: { lastSyncTime?: string; lastSyncDuration?: string };
}

const METHODS = {
  ...{ rsync: 'rsync', rsyncTLS: 'rsync-tls', rclone: 'rclone', restic: 'restic' },
  syncthing: 'syncthing',
} as const;
type Method = keyof typeof METHODS;

const LABELS = ['obj_name', 'obj_namespace', 'role', 'method'] as const;
type Labels = Record<(typeof LABELS)[number], string>;

const DAY_S = 24 * 60 * 60;

/** Undefined where it names no method, or several: nothing is replicated by it. */
export function labelsOf({ kind, metadata, spec = {} }: MeasuredResource): Labels | undefined {
  const [method, ...others] = Object.entries(METHODS).filter(([key]) => spec[key as Method] !== undefined);
  if (!method || others.length > 0) return undefined;
  return {
    ...{ obj_name: metadata.name, obj_namespace: metadata.namespace ?? '' },
    role: kind === 'ReplicationSource' ? 'source' : 'destination',
    method: method[1],
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ...{ h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9 },
};

/** `5m15s` is 315, in seconds. Undefined where it is no duration of Go's. */
export function parseGoDuration(text: string): number | undefined {
  const part = /(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)/gy;
  let seconds = 0;
  let reached = 0;
  for (const [whole, amount = '', unit = ''] of text.matchAll(part)) {
    seconds += Number(amount) * (UNITS[unit] ?? 0);
    reached += whole.length;
  }
  return reached === text.length && reached > 0 ? seconds : undefined;
}

/**
 * A sync is begun at the tick after the last one ended, and has to be done by the tick after that: whether this has passed.
 * A resource without a schedule has none that it could miss.
 */
function hasMissedTick({ spec }: MeasuredResource, since: string, now: Date): boolean {
  const { schedule, manual } = spec?.trigger ?? {};
  if (schedule === undefined || manual !== undefined) return false;
  try {
    const [, second] = makeCron(schedule, 'UTC').nextRuns(2, new Date(since));
    return second !== undefined && second < now;
  } catch {
    // What is no schedule is told in its status.
    return false;
  }
}

/** 1 until its first sync is done, and while one is late. */
export function isOutOfSync(resource: MeasuredResource, now: Date): boolean {
  const last = resource.status?.lastSyncTime;
  return last === undefined || hasMissedTick(resource, last, now);
}

const keyOf = ({ apiVersion, kind, metadata }: ClusterObject) =>
  `${apiVersion}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;

/** Follows resources, and counts their syncs from when it began, as VolSync does from when it was started. */
export class VolSyncMetrics {
  private readonly resources = new Map<string, MeasuredResource>();
  private readonly missed: Counter<keyof Labels>;
  private readonly durations: Summary<keyof Labels>;

  constructor(registry: Registry, now: () => Date = () => new Date()) {
    const common = { labelNames: LABELS, registers: [registry] };
    this.missed = new Counter({
      ...common,
      name: 'volsync_missed_intervals_total',
      help: 'Syncs that were not done before the next one was due.',
    });
    this.durations = new Summary({
      ...common,
      name: 'volsync_sync_duration_seconds',
      help: 'How long syncs took.',
      ...{ percentiles: [0.5, 0.9, 0.99], maxAgeSeconds: DAY_S, ageBuckets: 24 },
    });
    const resources = this.resources;
    new Gauge({
      ...common,
      name: 'volsync_volume_out_of_sync',
      help: '1 until the first sync is done, and while one is late; else 0.',
      collect() {
        this.reset();
        for (const resource of resources.values()) {
          const labels = labelsOf(resource);
          if (labels) this.set(labels, isOutOfSync(resource, now()) ? 1 : 0);
        }
      },
    });
  }

  /** A resource is there, or was changed. */
  see(resource: MeasuredResource): void {
    const former = this.resources.get(keyOf(resource));
    this.resources.set(keyOf(resource), resource);
    const labels = labelsOf(resource);
    if (!labels) return;
    // From zero, so that the first one shows as an increase.
    this.missed.inc(labels, 0);
    // What was synced before it was seen first was counted by whoever ran then.
    if (former && former.metadata.uid === resource.metadata.uid) this.count(labels, former, resource);
  }

  private count(labels: Labels, former: MeasuredResource, { status }: MeasuredResource): void {
    const { lastSyncTime, lastSyncDuration = '' } = status ?? {};
    const before = former.status?.lastSyncTime;
    if (lastSyncTime === undefined || lastSyncTime === before) return;
    const seconds = parseGoDuration(lastSyncDuration);
    if (seconds !== undefined) this.durations.observe(labels, seconds);
    if (before !== undefined && hasMissedTick(former, before, new Date(lastSyncTime)))
      this.missed.inc(labels);
  }

  /** A resource is gone, with what was counted of it. */
  forget(resource: ClusterObject): void {
    const known = this.resources.get(keyOf(resource));
    this.resources.delete(keyOf(resource));
    const labels = known && labelsOf(known);
    if (!labels) return;
    this.missed.remove(labels);
    this.durations.remove(labels);
  }
}
