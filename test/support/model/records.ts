/** Records for tests of the catalog and of what reads it. */
import { makePointId, makeSyncId } from '../../../src/model/names';
import type { KeptPoint, SyncRecord, TargetOutcome } from '../../../src/model/records';
import { RelationshipSchema, type Relationship, type RelationshipInput } from '../../../src/model/spec';

/** Minute n of a certain day, as an instant. */
export function minute(n: number, seconds = 0): string {
  return new Date(Date.UTC(2026, 10, 21, 8, n, seconds)).toISOString();
}

export function makeDocument(name: string, spec: Partial<RelationshipInput['spec']> = {}): Relationship {
  return RelationshipSchema.parse({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name },
    spec: {
      source: { host: 'alpha', directory: '/srv/data' },
      targets: [{ host: 'beta', directory: '/srv/data' }],
      ...spec,
    },
  });
}

export function makePoint(name: string, sequence: number, overrides: Partial<KeptPoint> = {}): KeptPoint {
  const capturedAt = overrides.capturedAt ?? minute(sequence);
  return {
    id: makePointId(capturedAt, sequence),
    syncId: makeSyncId(name, sequence),
    sequence,
    capturedAt,
    publishedAt: minute(sequence, 30),
    method: 'HardLink',
    identity: `identity-${sequence}`,
    bytes: 5_000_000_000 + sequence,
    files: 40_000,
    keptBecause: [`last ${sequence}`],
    ...overrides,
  };
}

export function makeOutcome(
  target: string,
  points: KeptPoint[],
  overrides: Partial<TargetOutcome> = {},
): TargetOutcome {
  const point = points.at(-1);
  return {
    name: target,
    host: target,
    result: 'succeeded',
    how: 'incremental',
    attempts: 1,
    stats: {
      bytesSent: 1000,
      bytesChanged: 800,
      filesChanged: 7,
      filesDeleted: 2,
      totalBytes: 5_000_000_000,
      totalFiles: 40_000,
      durationMs: 12_500,
      filesVanished: 0,
    },
    ...(point && { point }),
    points,
    ...overrides,
  };
}

/** Sync number `sequence`, which began at that minute and took 45 s. */
export function makeSync(name: string, sequence: number, overrides: Partial<SyncRecord> = {}): SyncRecord {
  return {
    syncId: makeSyncId(name, sequence),
    relationship: name,
    sequence,
    reason: 'schedule',
    startedAt: minute(sequence),
    capturedAt: minute(sequence, 1),
    endedAt: minute(sequence, 45),
    result: 'succeeded',
    targets: [makeOutcome('beta', [makePoint(name, sequence)])],
    workflowId: `relationship/${name}`,
    runId: `run-of-${name}`,
    ...overrides,
  };
}
