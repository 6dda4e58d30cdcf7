import fc from 'fast-check';
import type { Failure, SyncRecord, TargetOutcome } from './records';
import {
  applyDocument,
  chooseTargets,
  failuresOf,
  initialState,
  phaseOf,
  recordSyncEnd,
  recordTakeover,
  toStatus,
  waitingForApproval,
} from './relationship-state';
import { RelationshipSchema } from './spec';
import type { Relationship } from './spec';

const NOW = '2026-11-21T10:00:00.000Z';

function makeDocument(targets: { host: string; class?: string; directory?: string }[]): Relationship {
  return RelationshipSchema.parse({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory: '/srv/wiki' },
      targets: targets.map((target) => ({ directory: '/srv/wiki', ...target })),
    },
  });
}

function makeRecord(targets: TargetOutcome[], result: SyncRecord['result']): SyncRecord {
  return {
    syncId: 'wiki-000001',
    relationship: 'wiki',
    sequence: 1,
    reason: 'schedule',
    startedAt: '2026-11-21T09:59:50.000Z',
    endedAt: NOW,
    result,
    targets,
    workflowId: 'relationship/wiki/sync/000001',
    runId: 'run',
  };
}

const failed = (host: string, failure: Failure): TargetOutcome => ({
  name: host,
  host,
  result: 'failed',
  attempts: 1,
  failure,
});

const point = (id: string) => ({
  id,
  syncId: 'wiki-000001',
  sequence: 1,
  capturedAt: '2026-11-21T09:59:51.000Z',
  publishedAt: NOW,
  method: 'HardLink' as const,
  identity: id,
  bytes: 10,
  files: 1,
});

const succeeded = (host: string): TargetOutcome => ({
  name: host,
  host,
  result: 'succeeded',
  attempts: 1,
  point: point(`p-${host}`),
});

const NO_AGENT: Failure = {
  type: 'HostUnreachable',
  message: 'no agent answers for host beta: …',
  host: 'beta',
};
const GUARD: Failure = { type: 'ApprovalRequired', message: 'the source is empty' };

function makeState(...hosts: string[]) {
  const state = initialState('wiki');
  applyDocument(state, makeDocument(hosts.map((host) => ({ host }))));
  return state;
}

describe('changing the spec of a relationship', () => {
  test('keeps what is known of the targets that stay, and names the new ones', () => {
    const state = makeState('beta', 'gamma');
    recordSyncEnd(state, makeRecord([succeeded('beta'), succeeded('gamma')], 'succeeded'), NOW, () => 0);
    const added = applyDocument(state, makeDocument([{ host: 'beta' }, { host: 'delta' }]));
    expect(added).toEqual(['delta']);
    expect(state.targets.map(({ name, result }) => [name, result])).toEqual([
      ['beta', 'succeeded'],
      ['delta', 'never'],
    ]);
    expect(state.history).toHaveLength(1);
  });

  test('a target that moved to another folder has never been synced', () => {
    const state = makeState('beta');
    recordSyncEnd(state, makeRecord([succeeded('beta')], 'succeeded'), NOW, () => 0);
    expect(applyDocument(state, makeDocument([{ host: 'beta', directory: '/srv/other' }]))).toEqual(['beta']);
    expect(state.targets[0]).toMatchObject({ result: 'never' });
  });

  it('brings back what stands in the place of an old primary that is gone from the spec', () => {
    const state = initialState('wiki');
    const before = makeDocument([{ host: 'beta' }]);
    applyDocument(state, before);
    const takeover = { target: 'beta', from: 'alpha', fenced: false, fencing: 'gone', at: NOW };
    recordTakeover(state, { ...takeover, pointId: null, capturedAt: null, workflowId: 'failover' }, 2);
    applyDocument(state, before);
    expect(state.takeover).toMatchObject({ from: 'alpha', fenced: false });
    applyDocument(state, {
      ...before,
      spec: { ...before.spec, source: { ...before.spec.source, host: 'delta' } },
    });
    expect(state.takeover).toMatchObject({ target: 'beta', from: 'delta', fenced: true });
    expect(state.targets.map(({ name }) => name)).toEqual(['delta']);
  });
});

describe('the end of a sync', () => {
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
});

describe('choosing targets', () => {
  const { targets } = makeDocument([{ host: 'beta' }, { host: 'gamma', class: 'drpnode' }]).spec;

  test('names, classes and their plurals are understood; none means all', () => {
    expect(chooseTargets(targets, undefined).chosen).toEqual(['beta', 'gamma']);
    expect(chooseTargets(targets, ['beta']).chosen).toEqual(['beta']);
    expect(chooseTargets(targets, ['drpnodes']).chosen).toEqual(['gamma']);
  });

  test('an unknown name is told', () => {
    expect(chooseTargets(targets, ['betta']).unknown).toEqual(['betta']);
  });
});

test('a sync tells each failure once, its own first', () => {
  const record = { ...makeRecord([failed('beta', GUARD)], 'failed' as const), failure: NO_AGENT };
  expect(failuresOf(record)).toEqual([NO_AGENT, GUARD]);
});
