import type { OperationView } from '../../api/operation-view';
import { announcementOf, doingText, operationText, percentOf, toneOfOperation } from './doing';

const running: OperationView = {
  ...{ workflowId: 'relationship/wiki/sync/000004', relationship: 'wiki', kind: 'sync', state: 'running' },
  ...{ startedAt: '2026-11-21T10:00:00Z', endedAt: null, phase: null, waiting: null, targets: null },
  ...{ failure: null, ui: null },
  progress: {
    ...{ phase: 'transferring', bytesDone: 60, bytesTotal: 100, filesDone: 3, rateBytesPerSecond: 10 },
  },
};
const waiting = {
  for: 'approve' as const,
  text: '38 % of all files would be deleted',
  since: '2026-11-21T10:00:00Z',
};

test('progress is a share of the bytes where the tool tells none, and none is guessed', () => {
  expect(percentOf(running)).toBe(60);
  expect(percentOf({ state: 'running', progress: null })).toBeUndefined();
  expect(percentOf({ state: 'succeeded', progress: null })).toBe(100);
  const wrong = {
    phase: 'transferring' as const,
    bytesDone: 0,
    filesDone: 0,
    rateBytesPerSecond: 0,
    percent: 130,
  };
  expect(percentOf({ state: 'running', progress: wrong })).toBe(100);
});

test('an operation says how far it is, for whom it waits, and how it ended', () => {
  expect(operationText(running)).toBe('sync: transferring 60 B of 100 B, 3 files, 10 B/s');
  expect(operationText({ ...running, waiting })).toBe(
    'sync waits to approve: 38 % of all files would be deleted',
  );
  expect(operationText({ ...running, progress: null, phase: 'fence' })).toBe('sync: fence');
  const over = { ...running, state: 'failed' as const, endedAt: '2026-11-21T10:01:00Z' };
  expect(operationText(over)).toBe('sync failed after 1m');
  expect(toneOfOperation(over)).toBe('down');
});

test('a screen reader is told of quarters, not of each percent', () => {
  const told = [60, 61, 74, 75].map((bytesDone) =>
    announcementOf({ ...running, progress: { ...running.progress!, bytesDone } }),
  );
  expect(new Set(told)).toEqual(new Set(['sync of wiki runs, 50 percent', 'sync of wiki runs, 75 percent']));
  const failure = { type: 'TargetFull' as const, message: 'no room' };
  expect(announcementOf({ ...running, state: 'failed', failure })).toBe('sync of wiki failed: no room');
});

test('what a relationship does is its phase, and what of it', () => {
  expect(doingText({ phase: 'Idle', operation: null })).toBe('idle');
  expect(
    doingText({ phase: 'FailingOver', operation: { kind: 'failover', phase: 'fence', waiting: null } }),
  ).toBe('failing over: fence');
  expect(doingText({ phase: 'FailingOver', operation: { kind: 'failover', phase: 'fence', waiting } })).toBe(
    'failing over: waits to approve',
  );
});
