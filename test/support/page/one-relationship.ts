/** One relationship with a past: syncs of many days, points of many ages, a target that fails, a drill, and events. */
import type { KeptPoint, SyncRecord, TargetOutcome } from '../../../src/model/records';
import type { RelationshipEvent } from '../../../src/model/events';
import { makePointId, makeSyncId } from '../../../src/model/names';
import type { RelationshipInput } from '../../../src/model/spec';
import type { RelationshipStatus } from '../../../src/model/status';
import { ago, statusOfDocument } from './fleet-states';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const GIB = 1024 ** 3;

export const documentOfOne = (name: string): RelationshipInput => ({
  apiVersion: 'tidemark/v1',
  kind: 'Relationship',
  metadata: { name, labels: { tier: 'gold', team: 'web' } },
  spec: {
    source: { host: 'alpha', directory: '/srv/wiki' },
    targets: [
      { host: 'beta', directory: '/replica/wiki' },
      { host: 'gamma', directory: '/backup/wiki', name: 'offsite' },
    ],
    trigger: { schedule: '0 * * * *', timezone: 'UTC' },
    objectives: { rpo: '2h' },
    retain: { last: 3, hourly: 24, daily: 14, weekly: 8, monthly: 12 },
  },
});

/** Every so many hours ago there was a state that retention kept, and why. */
function keptAges(): { ageMs: number; because: string[] }[] {
  const hourly = Array.from({ length: 24 }, (_, hour) => ({
    ageMs: hour * HOUR_MS + 12 * MINUTE_MS,
    because: [...(hour < 3 ? [`last ${hour + 1}`] : []), `hourly ${ago(hour * HOUR_MS).slice(0, 13)}`],
  }));
  const later = (count: number, from: number, stepMs: number, rule: string) =>
    Array.from({ length: count }, (_, index) => ({
      ageMs: (index + from) * stepMs,
      because: [`${rule} ${ago((index + from) * stepMs).slice(0, 10)}`],
    }));
  return [
    ...hourly,
    ...later(12, 1.5, DAY_MS, 'daily'),
    ...later(6, 2.5, 7 * DAY_MS, 'weekly'),
    ...later(9, 2.2, 30 * DAY_MS, 'monthly'),
  ];
}

function pointsOf(name: string, newestMs: number, isLive: boolean): KeptPoint[] {
  const all = keptAges().filter(({ ageMs }) => ageMs >= newestMs);
  return all.map(({ ageMs, because }, index) => {
    const [capturedAt, sequence] = [ago(ageMs), 500 - index - Math.round(newestMs / HOUR_MS)];
    const isDiverged = isLive && index === 30;
    return {
      id: makePointId(capturedAt, sequence),
      syncId: makeSyncId(name, sequence),
      ...{ sequence, capturedAt, publishedAt: ago(ageMs - 20_000), method: 'HardLink' },
      identity: `identity-${sequence}`,
      bytes: Math.round(52.4 * GIB - index * 0.03 * GIB),
      files: 412_380 - index * 311,
      keptBecause: isDiverged ? ['diverged'] : because,
      ...(isDiverged && { diverged: true }),
      ...(index % 9 === 3 && { verifiedAt: ago(ageMs / 2) }),
      ...(index === 0 && { leftOut: [{ reason: 'socket', count: 2, examples: ['run/wiki.sock'] }] }),
    } satisfies KeptPoint;
  });
}

const FULL = {
  type: 'TargetFull' as const,
  message: 'there is no room for what has changed: 3.10 GiB are free, about 4.62 GiB are needed',
  host: 'gamma',
  volume: '/backup/wiki',
  toolMessage: 'rsync: [receiver] write failed on "pages/2026/dump.sql": No space left on device (28)',
  hint: 'make room on gamma, or keep fewer points there: spec.targets[1].retain',
};

function outcome(target: string, host: string, index: number): TargetOutcome {
  const bytes = index % 24 === 7 ? 4.1 * GIB : (18 + ((index * 37) % 61)) * 1024 ** 2;
  return {
    ...{ name: target, host, result: 'succeeded', how: 'incremental', attempts: 1 },
    stats: {
      ...{ bytesSent: Math.round(bytes), bytesChanged: Math.round(bytes * 0.9), filesChanged: 120 + index },
      ...{ filesDeleted: 3, totalBytes: 52 * GIB, totalFiles: 412_380, filesVanished: 0 },
      durationMs: index % 24 === 7 ? 212_000 : 14_000 + ((index * 731) % 9000),
    },
  };
}

/** The newest comes first; the last nine of them failed at one target. */
export function syncsOfOne(name: string, count: number): SyncRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const startedMs = index * HOUR_MS + 13 * MINUTE_MS;
    const sequence = 500 - index;
    const beta = outcome('beta', 'beta', index);
    const offsite: TargetOutcome =
      index < 9
        ? { name: 'offsite', host: 'gamma', result: 'failed', attempts: 3, failure: FULL }
        : outcome('offsite', 'gamma', index);
    const tookMs = (beta.stats?.durationMs ?? 0) + 6000;
    const points = {
      beta: pointsOf(name, 12 * MINUTE_MS, true),
      offsite: pointsOf(name, 9 * HOUR_MS, false),
    };
    // The newest record tells which points there are.
    const withPoints = (target: TargetOutcome, own: KeptPoint[]) =>
      index === 0 ? { ...target, point: own[0], points: own.toReversed() } : target;
    return {
      ...{ syncId: makeSyncId(name, sequence), relationship: name, sequence, reason: 'schedule' },
      ...{ startedAt: ago(startedMs), capturedAt: ago(startedMs - 1000), endedAt: ago(startedMs - tookMs) },
      result: index < 9 ? 'partial' : 'succeeded',
      targets: [withPoints(beta, points.beta), withPoints(offsite, points.offsite)] as TargetOutcome[],
      ...{
        workflowId: `relationship/${name}/sync/${String(sequence).padStart(6, '0')}`,
        runId: `run-${sequence}`,
      },
    } satisfies SyncRecord;
  });
}

export function statusOfOne(name: string): RelationshipStatus {
  const status = statusOfDocument(documentOfOne(name));
  const [beta, offsite] = status.targets;
  if (!beta || !offsite) throw new Error('it has two targets');
  const [fresh, old] = [pointsOf(name, 12 * MINUTE_MS, true)[0], pointsOf(name, 9 * HOUR_MS, false)[0]];
  if (!fresh || !old) throw new Error('it has points');
  return {
    ...status,
    phase: 'Retrying',
    sequence: 500,
    consecutiveFailures: 9,
    retryAt: new Date(Date.now() + 7 * MINUTE_MS).toISOString(),
    lastSync: {
      ...{ syncId: makeSyncId(name, 500), result: 'partial', startedAt: ago(13 * MINUTE_MS) },
      ...{ endedAt: ago(12 * MINUTE_MS), bytes: 24 * 1024 ** 2, files: 120, durationSeconds: 21 },
    },
    lastDrill: {
      ...{ target: 'beta', pointId: fresh.id, startedAt: ago(2 * DAY_MS), endedAt: ago(2 * DAY_MS - 95_000) },
      ...{ result: 'succeeded', rtoSeconds: 41.5, workflowId: `relationship/${name}/drill/000431` },
    },
    drillSchedule: '0 5 * * 1',
    targets: [
      {
        ...{ ...beta, result: 'succeeded', recoveryPoint: fresh.id, capturedAt: fresh.capturedAt },
        ...{ pointBytes: fresh.bytes, leftOut: fresh.leftOut ?? [] },
      },
      {
        ...{ ...offsite, result: 'failed', recoveryPoint: old.id, capturedAt: old.capturedAt },
        ...{ pointBytes: old.bytes, lastError: FULL },
      },
    ],
  };
}

export function eventsOfOne(name: string): RelationshipEvent[] {
  const none = { target: null, point: null, workflowId: null, changes: [], endedAt: null };
  const over = (ms: number) => ({ at: ago(ms), endedAt: ago(ms - 1000), result: 'succeeded' as const });
  const [anna, paul] = ['anna@desk', 'paul'].map((who) => ({ name: who, via: 'cli' as const }));
  if (!anna || !paul) throw new Error('nobody');
  return [
    {
      ...none,
      id: `${name}/1`,
      relationship: name,
      kind: 'applied',
      actor: anna,
      ...over(60 * DAY_MS),
      text: 'created',
    },
    {
      ...{ ...none, id: `${name}/2`, relationship: name, kind: 'applied', actor: anna, ...over(9 * DAY_MS) },
      ...{ text: 'changed', changes: ['spec.retain.daily: 7 → 14'] },
    },
    {
      ...{
        ...none,
        id: `${name}/3`,
        relationship: name,
        kind: 'verify',
        ...over(4 * DAY_MS),
        target: 'beta',
      },
      ...{ actor: { name: null, via: 'schedule' }, text: 'nothing differs' },
    },
    {
      ...{ ...none, id: `${name}/4`, relationship: name, kind: 'drill', ...over(2 * DAY_MS), target: 'beta' },
      ...{ actor: { ...paul, reason: 'quarterly exercise' }, text: 'answers after 41.5s' },
    },
    {
      ...{ ...none, id: `${name}/5`, relationship: name, kind: 'verify', ...over(DAY_MS), target: 'offsite' },
      ...{ result: 'failed', actor: paul, text: 'no agent answers for host gamma' },
    },
  ];
}
