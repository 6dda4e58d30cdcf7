import fc from 'fast-check';
import { makeDocument } from '../../test/support/model/records';
import { assess, assessTarget, HEALTHS, isRpoKept, nextStatusChange, promiseOf } from './health';
import type { Promised, WatchedTarget } from './health';
import type { Takeover } from './status';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const HOUR: Promised = { seconds: 3600, by: 'rpo' };
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const ranks: readonly string[] = HEALTHS;

const watched = (lag: number | null, result: WatchedTarget['result'] = 'succeeded'): WatchedTarget => ({
  result,
  capturedAt: lag === null ? null : ago(lag),
});

test.each([
  [3600, 'up', 'lag 1h, rpo 1h'],
  [7200, 'up', 'lag 2h, rpo 1h'],
  [7500, 'warn', 'lag 2h 5m > 2 x rpo 1h'],
  [10_800, 'warn', 'lag 3h > 2 x rpo 1h'],
  [10_801, 'down', 'lag 3h > 3 x rpo 1h'],
])('with a promise of 1h, a lag of %i s is %s', (lag, status, reason) => {
  expect(assessTarget(watched(lag), HOUR, NOW)).toMatchObject({ status, reason, lagSeconds: lag });
});

test('a target that was never synced is down, whatever was promised, and says why where that is known', () => {
  for (const promised of [HOUR, null]) {
    expect(assessTarget(watched(null, 'never'), promised, NOW)).toMatchObject({ status: 'down' });
  }
  const failed = { result: 'failed' as const, errorType: 'HostUnreachable' };
  expect(assessTarget(failed, HOUR, NOW).reason).toBe('never synced, last sync failed: HostUnreachable');
});

test('a last sync that failed warns while the promise is still kept', () => {
  const failed = { ...watched(60, 'failed'), errorType: 'TargetFull' };
  const reason = 'lag 1m, rpo 1h, last sync failed: TargetFull';
  expect(assessTarget(failed, HOUR, NOW)).toMatchObject({ status: 'warn', reason });
});

test('a target that the source has given up warns, since its next sync may be long', () => {
  expect(assessTarget({ ...watched(60), isGivenUp: true }, HOUR, NOW)).toMatchObject({
    status: 'warn',
    reason: 'lag 1m, rpo 1h, given up by pinLimit',
  });
});

test('a target whose only copy may be of two states warns, and says so beside why', () => {
  const torn = { ...watched(60, 'failed'), errorType: 'HostUnreachable', isTorn: true };
  expect(assessTarget(torn, HOUR, NOW)).toMatchObject({
    status: 'warn',
    reason: 'lag 1m, rpo 1h, last sync failed: HostUnreachable, its only copy may not be whole',
  });
});

test('an rpo is kept up to its very end, and by no target without a recovery point; without one there is nothing to keep', () => {
  const kept = (lag: number | null, promised: Promised | null, result?: WatchedTarget['result']) =>
    isRpoKept(assessTarget(watched(lag, result), promised, NOW));
  expect(kept(3600, HOUR)).toBe(true);
  expect(kept(3600.001, HOUR)).toBe(false);
  expect(kept(null, HOUR)).toBe(false);
  expect(kept(5, null)).toBeNull();
  expect(kept(5, { seconds: 1, by: 'schedule' })).toBeNull();
});

test('without any promise the last result decides, and says so', () => {
  const reason = 'lag 41d 16h, no rpo, no schedule';
  expect(assessTarget(watched(3_600_000), null, NOW)).toMatchObject({ status: 'up', reason });
  expect(assessTarget(watched(60, 'failed'), null, NOW)).toMatchObject({ status: 'warn' });
});

const anyTarget = fc.record({
  result: fc.constantFrom('never', 'succeeded', 'failed', 'cancelled', null),
  errorType: fc.constantFrom('TargetFull', null),
});
const anyPromise = fc.option(
  fc.record({
    seconds: fc.integer({ min: 1, max: 1e7 }),
    by: fc.constantFrom<Promised['by']>('rpo', 'schedule'),
  }),
  { nil: null },
);
const anyLag = fc.integer({ min: 0, max: 1e8 });

test('whatever is known, a target is up, warn or down, with a reason', () => {
  fc.assert(
    fc.property(anyTarget, fc.option(anyLag, { nil: null }), anyPromise, (target, lag, promised) => {
      const health = assessTarget({ ...target, capturedAt: lag === null ? null : ago(lag) }, promised, NOW);
      expect(ranks).toContain(health.status);
      expect(health.reason).not.toMatch(/n\/a|undefined|null|NaN/);
      expect(health.reason).not.toBe('');
    }),
  );
});

test('nothing gets better by growing older, or by having failed', () => {
  fc.assert(
    fc.property(anyTarget, anyLag, anyLag, anyPromise, (target, one, more, promised) => {
      const rankAt = (lag: number, change: Partial<WatchedTarget> = {}) =>
        ranks.indexOf(assessTarget({ ...target, capturedAt: ago(lag), ...change }, promised, NOW).status);
      expect(rankAt(one + more)).toBeGreaterThanOrEqual(rankAt(one));
      expect(rankAt(one, { result: 'failed' })).toBeGreaterThanOrEqual(rankAt(one, { result: 'succeeded' }));
    }),
  );
});

test('a clock that runs ahead makes nothing late', () => {
  expect(assessTarget(watched(-600), HOUR, NOW)).toMatchObject({ status: 'up', lagSeconds: 0 });
});

describe('what was promised of a target', () => {
  const far = { host: 'gamma', directory: '/srv/data' };
  const promiseFor = (target: object, spec: Parameters<typeof makeDocument>[1] = {}) => {
    const document = makeDocument('wiki', { ...spec, targets: [{ ...far, ...target }] });
    const [only] = document.spec.targets;
    return only && promiseOf(document.spec, only);
  };

  test('is its own rpo, else that of the relationship, else the longest gap of its schedule', () => {
    const spec = { trigger: { schedule: '0 * * * *' }, objectives: { rpo: '2h' } };
    expect(promiseFor({ rpo: '2d' }, spec)).toEqual({ seconds: 172_800, by: 'rpo' });
    expect(promiseFor({}, spec)).toEqual({ seconds: 7200, by: 'rpo' });
    expect(promiseFor({}, { trigger: spec.trigger })).toEqual({ seconds: 3600, by: 'schedule' });
    expect(promiseFor({ schedule: '0 8 * * mon-fri' })).toEqual({ seconds: 259_200, by: 'schedule' });
    expect(promiseFor({})).toBeNull();
  });
});

describe('a relationship', () => {
  const document = makeDocument('wiki', {
    targets: [
      { host: 'beta', directory: '/srv/data' },
      { host: 'gamma', directory: '/srv/data', rpo: '1d' },
    ],
    objectives: { rpo: '1h' },
  });
  const both = (beta: WatchedTarget, gamma: WatchedTarget) => [
    { name: 'beta', ...beta },
    { name: 'gamma', ...gamma },
  ];
  const judge = (
    beta: WatchedTarget,
    gamma: WatchedTarget,
    more: Partial<Parameters<typeof assess>[1]> = {},
  ) => assess(document, { targets: both(beta, gamma), paused: false, ...more }, NOW);

  test('is as its worst target is, and names it', () => {
    expect(judge(watched(60), watched(7200))).toMatchObject({ status: 'up' });
    expect(judge(watched(7201), watched(60))).toMatchObject({
      status: 'warn',
      reason: 'beta lag 2h > 2 x rpo 1h',
      targets: [{ status: 'warn' }, { status: 'up' }],
    });
    expect(judge(watched(7201), watched(null, 'never'))).toMatchObject({
      status: 'down',
      reason: 'gamma never synced',
    });
  });

  test('is down while an old primary is no copy yet, and says so of that alone', () => {
    const takeover = { target: 'delta', from: 'beta' } as Takeover;
    expect(judge(watched(1), watched(1), { takeover })).toMatchObject({
      status: 'down',
      targets: [{ status: 'down' }, { status: 'up' }],
      reason: 'beta failed over to delta, and no copy of it yet',
    });
  });

  const waitingFor = (text: string) => ({
    kind: 'failover' as const,
    workflowId: 'x',
    startedAt: ago(9),
    reason: 'request',
    waiting: { for: 'resume' as const, text, since: ago(5) },
  });

  test('warns while an operation waits for somebody', () => {
    const operation = waitingFor('beta is full');
    expect(judge(watched(1), watched(1), { operation })).toMatchObject({
      status: 'warn',
      reason: 'beta failover waits: beta is full',
      targets: [{ status: 'warn' }, { status: 'warn' }],
    });
    expect(judge(watched(9 * 3600), watched(1), { operation }).reason).toBe(
      'beta lag 9h > 3 x rpo 1h; failover waits: beta is full',
    );
  });

  test('tells in one line what an operation waits for, whatever a tool said of it', () => {
    const operation = waitingFor('a pod is gone\n  in three\n  lines');
    expect(judge(watched(1), watched(1), { operation }).reason).toBe('beta failover waits: a pod is gone');
  });

  test('warns where it could not be asked, and says that this is what was recorded', () => {
    expect(judge(watched(1), watched(1), { unanswered: 'Temporal does not answer' })).toMatchObject({
      status: 'warn',
      reason: 'beta as last recorded: Temporal does not answer',
    });
  });

  test('is never said to be better or worse than its worst target', () => {
    const waiting = { for: 'approve' as const, text: 'one more', since: ago(5) };
    const operation = fc.constant({
      kind: 'sync' as const,
      workflowId: 'x',
      startedAt: '',
      reason: '',
      waiting,
    });
    const more = fc.record(
      {
        operation,
        takeover: fc.constant({ target: 'beta' } as Takeover),
        vanished: fc.constant({ how: 'terminated' as const, at: null }),
        unanswered: fc.constant('no answer'),
        paused: fc.boolean(),
      },
      { requiredKeys: ['paused'] },
    );
    fc.assert(
      fc.property(anyTarget, anyLag, anyTarget, anyLag, more, (one, lag, other, its, known) => {
        const health = judge({ ...one, capturedAt: ago(lag) }, { ...other, capturedAt: ago(its) }, known);
        const worst = Math.max(...health.targets.map(({ status }) => ranks.indexOf(status)));
        expect(ranks.indexOf(health.status)).toBe(worst);
      }),
    );
  });

  test('changes by time alone exactly when it is said to', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 0, max: 400_000 }),
        (one, other) => {
          const targets = both(watched(one), watched(other));
          const at = (now: number) => {
            const health = assess(document, { targets, paused: false }, now);
            return health.targets.map((target) => [target.status, isRpoKept(target)]);
          };
          const next = nextStatusChange(document, targets, NOW);
          const before = at(NOW);
          if (next === undefined) expect(at(NOW + 1e12)).toEqual(before);
          else {
            expect(at(next - 1)).toEqual(before);
            expect(at(next)).not.toEqual(before);
          }
        },
      ),
    );
  });

  test('grows old while it is paused, too, and says that it is', () => {
    expect(judge(watched(9 * 3600), watched(1), { paused: true })).toMatchObject({
      status: 'down',
      reason: 'beta lag 9h > 3 x rpo 1h, paused',
    });
  });
});
