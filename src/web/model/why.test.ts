import type { SyncEntry } from '../../catalog/contract';
import { makeStatus } from '../../../test/support/model/status';
import { lastResults, troublesOf } from './why';

const entry = (id: number, result: SyncEntry['result'], more: object = {}) =>
  ({ id, result, targets: [], error: null, errorType: null, hint: null, ...more }) as unknown as SyncEntry;

const lastError = {
  ...{ type: 'TargetFull' as const, message: 'no room', host: 'beta', hint: 'make some' },
  toolMessage: 'rsync: No space left on device\n',
};

test('a target that fails says why, in the words of the tool, how often, and what to do', () => {
  const status = makeStatus('wiki', {}, { consecutiveFailures: 4, retryAt: '2026-11-21T10:00:00Z' });
  const targets = status.targets.map((target) => ({ ...target, lastError }));
  const newest = entry(9, 'failed', { targets: [{ name: 'beta', result: 'failed', attempts: 3 }] });
  expect(troublesOf({ ...status, targets }, newest)).toEqual([
    {
      ...{ target: 'beta', type: 'TargetFull', sentence: 'no room', tool: 'rsync: No space left on device' },
      ...{ hint: 'make some', host: 'beta', attempts: 3, failures: 4, retryAt: '2026-11-21T10:00:00Z' },
    },
  ]);
});

test('attempts are told of the sync that failed there alone', () => {
  const status = makeStatus('wiki');
  const targets = status.targets.map((target) => ({ ...target, lastError }));
  expect(troublesOf({ ...status, targets }, undefined)[0]?.attempts).toBeNull();
});

test('a sync that failed before it came to any target says so itself', () => {
  const newest = entry(9, 'failed', { error: 'there is no such directory', errorType: 'VolumeMissing' });
  expect(troublesOf(makeStatus('wiki'), newest)).toMatchObject([
    { target: null, type: 'VolumeMissing', sentence: 'there is no such directory', hint: null },
  ]);
  expect(troublesOf(makeStatus('wiki'), entry(9, 'succeeded'))).toEqual([]);
});

test('the newest sync and the newest success stand side by side', () => {
  const syncs = [entry(3, 'failed'), entry(2, 'partial'), entry(1, 'succeeded')];
  expect(lastResults(syncs)).toEqual({ last: syncs[0], lastSuccess: syncs[2] });
  expect(lastResults([])).toEqual({ last: undefined, lastSuccess: undefined });
});
