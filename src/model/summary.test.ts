import { RelationshipSchema } from './spec';
import type { RelationshipStatus, TargetStatus } from './status';
import { type ScheduleSeen, summarize } from './summary';

const NOW = Date.parse('2026-11-21T10:00:00Z');

function makeStatus(
  rpo: string | undefined,
  targets: TargetStatus[],
  more: Partial<RelationshipStatus> = {},
): RelationshipStatus {
  const document = RelationshipSchema.parse({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory: '/srv/wiki' },
      targets: targets.map(({ host, volume }) => ({ host, directory: volume })),
      ...(rpo !== undefined && { objectives: { rpo } }),
    },
  });
  return {
    name: 'wiki',
    document,
    phase: 'Idle',
    paused: false,
    direction: 'forward',
    epoch: 1,
    sequence: 1,
    targets,
    consecutiveFailures: 0,
    missedTicks: 0,
    warnings: [],
    ...more,
  };
}

const fresh: TargetStatus = {
  name: 'beta',
  host: 'beta',
  volume: '/srv/wiki',
  result: 'succeeded',
  recoveryPoint: '20261121T095900Z-000001',
  capturedAt: '2026-11-21T09:59:00.000Z',
};
const never: TargetStatus = { name: 'gamma', host: 'gamma', volume: '/srv/copy', result: 'never' };

test('lag is the age of the newest recovery point, and null before there is one', () => {
  const { targets } = summarize(makeStatus(undefined, [fresh, never]), NOW);
  expect(targets.map(({ lagSeconds }) => lagSeconds)).toEqual([60, null]);
});

test('a clock that is behind the point makes no negative lag', () => {
  const { targets } = summarize(makeStatus(undefined, [fresh]), NOW - 3_600_000);
  expect(targets[0]?.lagSeconds).toBe(0);
});

test('the RPO is met where every target is fresh enough, and null where none was promised', () => {
  expect(summarize(makeStatus(undefined, [fresh]), NOW).rpoMet).toBeNull();
  expect(summarize(makeStatus('1m', [fresh]), NOW).rpoMet).toBe(true);
  expect(summarize(makeStatus('59s', [fresh]), NOW).rpoMet).toBe(false);
  expect(summarize(makeStatus('1h', [fresh, never]), NOW).rpoMet).toBe(false);
});

test('a target with a schedule of its own has its own next run, and a promise of its own', () => {
  const status = makeStatus('1h', [fresh, { ...fresh, name: 'gamma', host: 'gamma' }]);
  const [, gamma] = status.document.spec.targets;
  Object.assign(status.document.spec.trigger, { schedule: '*/15 * * * *' });
  Object.assign(gamma ?? {}, { schedule: '0 3 * * *', rpo: '2d' });
  const ticks = { nextRun: '2026-11-21T10:15:12.000Z' };
  expect(summarize(status, NOW, ticks).targets).toMatchObject([
    { nextRun: '2026-11-21T10:15:00.000Z', promised: { seconds: 3600 }, class: 'node' },
    { nextRun: '2026-11-22T03:00:00.000Z', promised: { seconds: 172_800 } },
  ]);
  // Somebody has paused it in the Temporal UI.
  const paused = summarize(status, NOW, { trouble: 'paused' });
  expect(paused.targets.map(({ nextRun }) => nextRun)).toEqual([null, null]);
});

test('a paused relationship has no next run', () => {
  const ticks = { nextRun: '2026-11-21T10:15:00.000Z' };
  expect(summarize(makeStatus(undefined, [fresh]), NOW, ticks).nextRun).toBe(ticks.nextRun);
  expect(summarize(makeStatus(undefined, [fresh], { paused: true }), NOW, ticks).nextRun).toBeNull();
});

test('a Schedule that somebody paused or deleted in Temporal is told of, where it should tick', () => {
  const at = '2026-11-21T10:00:00Z';
  const done = { syncId: 'wiki-000001', result: 'succeeded' as const, startedAt: at, endedAt: at };
  const lastSync = { ...done, bytes: 0, files: 0, durationSeconds: 0 };
  const troubleOf = (seen: ScheduleSeen | undefined, more: Partial<RelationshipStatus> = {}) => {
    const status = makeStatus(undefined, [fresh], { lastSync, ...more });
    Object.assign(status.document.spec.trigger, { schedule: '*/15 * * * *' });
    return summarize(status, NOW, seen).scheduleTrouble;
  };
  expect(troubleOf({ trouble: 'missing' })).toBe('missing');
  expect(troubleOf({ trouble: 'paused' })).toBe('paused');
  expect(troubleOf({})).toBeNull();
  expect(troubleOf(undefined)).toBeNull();
  expect(troubleOf({ trouble: 'paused' }, { paused: true })).toBeNull();
  const unscheduled = makeStatus(undefined, [fresh], { lastSync });
  expect(summarize(unscheduled, NOW, { trouble: 'missing' }).scheduleTrouble).toBeNull();
});

test('the shape is what scripts were promised, with null for what is not there', () => {
  expect(Object.keys(summarize(makeStatus(undefined, [never]), NOW))).toEqual(
    'name labels status statusReason phase vanished paused direction epoch source targets nextRun scheduleTrouble lastSync rpoMet operation takeover selections lastDrill'.split(
      ' ',
    ),
  );
  expect(summarize(makeStatus(undefined, [never]), NOW)).toMatchObject({
    source: { host: 'alpha', volume: '/srv/wiki' },
    status: 'down',
    targets: [
      {
        name: 'gamma',
        result: 'never',
        status: 'down',
        nextRun: null,
        recoveryPoint: null,
        capturedAt: null,
        lastError: null,
      },
    ],
    lastSync: null,
  });
});

test('the last error of a target says its type, the text and what to do', () => {
  const failed: TargetStatus = {
    ...fresh,
    result: 'failed',
    lastError: { type: 'TargetFull', message: 'no space', host: 'beta', hint: 'free some' },
  };
  const { targets } = summarize(makeStatus(undefined, [failed]), NOW);
  expect(targets[0]?.lastError).toMatch(/^TargetFull: no space \(host beta\)[^]*free some/);
});
