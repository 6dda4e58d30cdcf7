import type { RelationshipSummary } from '../model/summary';
import { type Condition, type ResourceStatus, statusOf } from './status';

const target = {
  ...{ name: 'beta', host: 'beta', volume: '/srv/b', class: 'node', result: 'succeeded', status: 'up' },
  ...{
    statusReason: 'lag 1m, rpo 1h',
    lagSeconds: 60,
    recoveryPoint: 'p1',
    capturedAt: '2026-11-30T09:00:00Z',
  },
  ...{ leftOut: [], lastError: null, givenUp: null, nextRun: null, promised: { seconds: 3600, by: 'rpo' } },
} as unknown as RelationshipSummary['targets'][number];

const summary = (change: Partial<RelationshipSummary> = {}): RelationshipSummary =>
  ({
    ...{ name: 'x', status: 'up', statusReason: 'lag 1m', phase: 'Idle', vanished: null, paused: false },
    ...{ direction: 'forward', epoch: 1, source: { host: 'a', volume: '/a' }, targets: [target] },
    ...{ nextRun: '2026-11-30T10:00:00Z', scheduleTrouble: null, rpoMet: true, operation: null },
    ...{ takeover: null, selections: [], lastDrill: null },
    lastSync: { result: 'succeeded', endedAt: '2026-11-30T09:00:10Z' },
    ...change,
  }) as RelationshipSummary;

const AT = '2026-11-30T09:01:00Z';
const LATER = '2026-11-30T09:02:00Z';
const request = { relationship: 'east.shop.x', generation: 2, at: AT };
const find = ({ conditions = [] }: ResourceStatus, type: Condition['type']) =>
  conditions.find((each) => each.type === type);

test('what a relationship that is well knows is told, and changes only as that does', () => {
  const status = statusOf({ ...request, summary: summary() });
  expect(status).toMatchObject({
    ...{ observedGeneration: 2, phase: 'Idle', health: 'up', capturedAt: '2026-11-30T09:00:00Z' },
    ...{ lastSyncTime: '2026-11-30T09:00:10Z', nextSyncTime: '2026-11-30T10:00:00Z' },
  });
  expect(
    ['Ready', 'WithinObjectives', 'FailedOver', 'WaitingForApproval'].map(
      (type) => find(status, type as Condition['type'])?.status,
    ),
  ).toEqual(['True', 'True', 'False', 'False']);
  const older = { ...target, lagSeconds: 90, statusReason: 'lag 1m 30s, rpo 1h' };
  const next = statusOf({ ...request, at: LATER, former: status, summary: summary({ targets: [older] }) });
  expect(next).toEqual(status);
});

test('a condition changes its time with its status alone', () => {
  const former = statusOf({ ...request, summary: summary() });
  const late = summary({ status: 'warn', targets: [{ ...target, status: 'warn' }] });
  const status = statusOf({ ...request, at: LATER, former, summary: late });
  expect(find(status, 'WithinObjectives')).toMatchObject({
    ...{ status: 'False', reason: 'Late', lastTransitionTime: LATER },
    message: expect.stringContaining('beta is warn: its newest recovery point is of 2026') as unknown,
  });
  expect(find(status, 'Ready')?.lastTransitionTime).toBe(AT);
});

test('one that has no recovery point yet is neither within its objectives nor not', () => {
  const fresh = {
    ...target,
    status: 'down' as const,
    recoveryPoint: null,
    capturedAt: null,
    lagSeconds: null,
  };
  const status = statusOf({ ...request, summary: summary({ status: 'down', targets: [fresh] }) });
  expect(find(status, 'WithinObjectives')?.status).toBe('Unknown');
});

test('a failover, and what waits for an approval, are conditions', () => {
  const takeover = { target: 'beta', from: 'alpha', at: AT } as NonNullable<RelationshipSummary['takeover']>;
  const waiting = { for: 'approve', text: 'would delete 9', since: AT } as const;
  const operation = { kind: 'sync', phase: null, waiting } as RelationshipSummary['operation'];
  const status = statusOf({ ...request, summary: summary({ takeover, operation }) });
  expect(find(status, 'FailedOver')).toMatchObject({ status: 'True', reason: 'TakenOver' });
  expect(find(status, 'WaitingForApproval')).toMatchObject({ status: 'True', message: 'would delete 9' });
});

test('what is refused is not ready, and shows every reason', () => {
  const wrong = { reason: 'Refused', message: 'one\ntwo' } as const;
  expect(statusOf({ ...request, wrong })).toEqual({
    relationship: 'east.shop.x',
    conditions: [
      {
        ...{ type: 'Ready', status: 'False', reason: 'Refused', message: 'one\ntwo' },
        ...{ observedGeneration: 2, lastTransitionTime: AT },
      },
    ],
  });
});

test('what can not be known any more is not shown as if it were', () => {
  const former = statusOf({ ...request, summary: summary() });
  const wrong = { reason: 'Unreachable', message: 'Temporal does not answer' } as const;
  const status = statusOf({ ...request, at: LATER, former, wrong });
  expect(status.health).toBeUndefined();
  expect(status.conditions?.map((each) => each.status)).toEqual(Array(4).fill('Unknown'));
});
