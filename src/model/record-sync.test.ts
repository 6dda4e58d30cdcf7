import fc from 'fast-check';
import { makeDocument, makeOutcome, makePoint, makeSync } from '../../test/support/model/records';
import { recordSyncEnd } from './record-sync';
import type { Failure, SyncRecord, TargetOutcome } from './records';
import { applyDocument, initialState, phaseOf, toStatus, waitingForApproval } from './relationship-state';

const NOW = '2026-11-21T10:00:00.000Z';

function makeState(...hosts: string[]) {
  const state = initialState('wiki');
  const targets = hosts.map((host) => ({ host, directory: '/srv/wiki' }));
  applyDocument(state, makeDocument('wiki', { targets }));
  return state;
}

const makeRecord = (targets: TargetOutcome[], result: SyncRecord['result']) =>
  makeSync('wiki', 1, { targets, result });

const failed = (host: string, failure: Failure) => makeOutcome(host, [], { result: 'failed', failure });

const succeeded = (host: string) => makeOutcome(host, [makePoint('wiki', 1, { id: `p-${host}` })]);

const NO_AGENT: Failure = {
  type: 'HostUnreachable',
  message: 'no agent answers for host beta: …',
  host: 'beta',
  noAgent: true,
};
const GUARD: Failure = { type: 'ApprovalRequired', message: 'the source is empty' };

test('a target that failed keeps its last recovery point', () => {
  const state = makeState('beta');
  recordSyncEnd(state, makeRecord([succeeded('beta')], 'succeeded'), NOW, () => 0);
  recordSyncEnd(state, makeRecord([failed('beta', NO_AGENT)], 'failed'), NOW, () => 5000);
  expect(state.targets[0]).toMatchObject({
    result: 'failed',
    recoveryPoint: 'p-beta',
    lastError: NO_AGENT,
  });
});

test('an only copy that a sync has broken off in is told of until one succeeds, whatever fails meanwhile', () => {
  const state = makeState('beta');
  const torn = () => state.targets[0]?.torn;
  const end = (outcome: TargetOutcome) =>
    recordSyncEnd(
      state,
      makeRecord([outcome], outcome.result === 'succeeded' ? 'succeeded' : 'failed'),
      NOW,
      () => 0,
    );
  // Where there was no point, nothing was lost.
  end({ ...failed('beta', NO_AGENT), torn: true });
  expect(torn()).toBeUndefined();
  end(succeeded('beta'));
  end({ ...failed('beta', NO_AGENT), torn: true });
  expect(torn()).toBe(true);
  end(failed('beta', GUARD));
  expect(torn()).toBe(true);
  end(succeeded('beta'));
  expect(torn()).toBeUndefined();
});

test('a host without an agent is waited for, and only its target is synced again', () => {
  const state = makeState('beta', 'gamma');
  recordSyncEnd(
    state,
    makeRecord([failed('beta', NO_AGENT), succeeded('gamma')], 'partial'),
    NOW,
    () => 5000,
  );
  expect(phaseOf(state)).toBe('WaitingForHost');
  expect(state.absentHosts).toEqual(['beta']);
  expect(state.retryTargets).toEqual(['beta']);
  expect(state.retryAt).toBe('2026-11-21T10:00:05.000Z');
});

test('a target that still fails is not forgotten when the others are synced without it', () => {
  const state = makeState('beta', 'gamma');
  const partial = makeRecord([failed('beta', NO_AGENT), succeeded('gamma')], 'partial');
  recordSyncEnd(state, partial, NOW, () => 5000);
  recordSyncEnd(state, makeRecord([succeeded('gamma')], 'succeeded'), NOW, () => 5000);
  expect(phaseOf(state)).toBe('WaitingForHost');
  expect(state.retryTargets).toEqual(['beta']);
  expect(state.retryAt).toBeDefined();
});

test('a sync that was cancelled is not started again by itself', () => {
  const state = makeState('beta');
  const cancelled: TargetOutcome = { name: 'beta', host: 'beta', result: 'cancelled', attempts: 0 };
  recordSyncEnd(state, makeRecord([cancelled], 'cancelled'), NOW, () => 5000);
  expect(phaseOf(state)).toBe('Idle');
});

test('a guard asks for approval and is not retried by itself', () => {
  const state = makeState('beta');
  recordSyncEnd(state, makeRecord([failed('beta', GUARD)], 'failed'), NOW, () => 5000);
  expect(phaseOf(state)).toBe('WaitingForApproval');
  expect(state.retryAt).toBeUndefined();
});

test('a volume that was replaced on purpose can be approved, though it is also retried', () => {
  const state = makeState('beta');
  const lost: Failure = { type: 'NotMounted', message: 'the volume is gone' };
  recordSyncEnd(state, makeRecord([failed('beta', lost)], 'failed'), NOW, () => 5000);
  expect(waitingForApproval(state)).toBe('the volume is gone');
  expect(state.retryAt).toBeDefined();
  recordSyncEnd(state, makeRecord([succeeded('beta')], 'succeeded'), NOW, () => 5000);
  expect(waitingForApproval(state)).toBeUndefined();
});

test('a failure of the whole sync is retried with every target', () => {
  const state = makeState('beta');
  recordSyncEnd(
    state,
    { ...makeRecord([], 'failed'), failure: { type: 'VolumeMissing', message: 'gone' } },
    NOW,
    () => 7000,
  );
  expect(phaseOf(state)).toBe('Retrying');
  expect(state.retryTargets).toEqual([]);
  expect(state.retryAt).toBe('2026-11-21T10:00:07.000Z');
});

test('a success clears failures, waits and approvals', () => {
  const state = makeState('beta');
  recordSyncEnd(state, makeRecord([failed('beta', NO_AGENT)], 'failed'), NOW, () => 5000);
  recordSyncEnd(state, makeRecord([succeeded('beta')], 'succeeded'), NOW, () => 0);
  expect(phaseOf(state)).toBe('Idle');
  expect(state).toMatchObject({ consecutiveFailures: 0, absentHosts: [], retryTargets: [] });
  expect(state.targets[0]?.lastError).toBeUndefined();
});

test('whatever happens, no recovery point is forgotten and the state stays bounded', () => {
  const outcome = fc.oneof(
    fc.constant(succeeded('beta')),
    fc
      .constantFrom(NO_AGENT, GUARD, { type: 'TargetFull', message: 'full' } as const)
      .map((failure) => failed('beta', failure)),
  );
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 60 }), (outcomes) => {
      const state = makeState('beta');
      let had = false;
      for (const each of outcomes) {
        recordSyncEnd(
          state,
          makeRecord([each], each.result === 'succeeded' ? 'succeeded' : 'failed'),
          NOW,
          () => 1000,
        );
        had ||= each.result === 'succeeded';
        expect(state.targets[0]?.recoveryPoint !== undefined).toBe(had);
        expect(state.consecutiveFailures === 0).toBe(each.result === 'succeeded');
        expect(state.history.length).toBeLessThanOrEqual(20);
        expect(toStatus(state)?.phase).toBe(phaseOf(state));
        // Something is always going to happen next, or a person has been asked.
        const idle = phaseOf(state) === 'Idle';
        expect(idle || state.retryAt !== undefined || state.approval !== undefined).toBe(true);
      }
    }),
  );
});

test('what somebody else is awaited for is not tried again by the clock, and other targets are', () => {
  const state = makeState('beta', 'gamma');
  const awaited: Failure = { type: 'PushAwaited', message: 'a push is under way' };
  recordSyncEnd(
    state,
    makeRecord([failed('beta', awaited), failed('gamma', awaited)], 'failed'),
    NOW,
    () => 5000,
  );
  expect(state.retryAt).toBeUndefined();
  const full: Failure = { type: 'TargetFull', message: 'no space is left' };
  recordSyncEnd(
    state,
    makeRecord([failed('beta', awaited), failed('gamma', full)], 'failed'),
    NOW,
    () => 5000,
  );
  expect(state.retryTargets).toEqual(['gamma']);
});
