import { makeDocument } from '../../test/support/model/records';
import type { RelationshipStatus, TargetStatus } from '../model/status';
import { summarize } from '../model/summary';
import { checkCode, formatCheck, formatUnknown } from './check';

const NOW = Date.parse('2026-11-21T10:00:00Z');

/** A relationship with targets of these lags, in seconds; null for one that was never synced. */
function summaryOf(
  name: string,
  lags: Record<string, number | null>,
  more: Partial<RelationshipStatus> = {},
) {
  const document = makeDocument(name, {
    targets: Object.keys(lags).map((host) => ({ host, directory: '/srv/data' })),
    objectives: { rpo: '1h' },
  });
  const targets = Object.entries(lags).map(([host, lag]): TargetStatus => ({
    name: host,
    host,
    volume: '/srv/data',
    result: lag === null ? 'never' : 'succeeded',
    ...(lag !== null && { capturedAt: new Date(NOW - lag * 1000).toISOString() }),
  }));
  const status: RelationshipStatus = {
    ...{ name, document, phase: 'Idle', paused: false, direction: 'forward', epoch: 1, sequence: 1, targets },
    ...{ consecutiveFailures: 0, missedTicks: 0, warnings: [], ...more },
  };
  return summarize(status, NOW);
}

test('each target has a line, the worst first, and the first line has the numbers of all', () => {
  const checked = [summaryOf('wiki', { beta: 192, gamma: 7500 }), summaryOf('shop', { delta: null })];
  expect(formatCheck(checked).split('\n')).toEqual([
    "DOWN shop: delta never synced | 'wiki/beta'=192s;7200;10800;0 'wiki/gamma'=7500s;7200;10800;0 'shop/delta'=U",
    'WARN wiki: gamma lag 2h 5m > 2 x rpo 1h',
    'UP wiki: beta lag 3m 12s, rpo 1h',
  ]);
});

test('the exit code is that of the worst', () => {
  const [up, warn, down] = [60, 7500, null].map((lag) => summaryOf('wiki', { beta: lag })) as [
    never,
    never,
    never,
  ];
  expect(checkCode([up, up])).toBe(0);
  expect(checkCode([up, warn])).toBe(1);
  expect(checkCode([warn, down, up])).toBe(2);
  expect(checkCode([])).toBe(3);
});

test('what waits for somebody is told of with each target', () => {
  const waiting = { for: 'approve' as const, text: 'one more must agree | now', since: '' };
  const operation = { kind: 'failover' as const, workflowId: 'x', startedAt: '', reason: 'request', waiting };
  const summary = summaryOf('wiki', { beta: 60 }, { operation });
  expect(formatCheck([summary])).toMatch(
    /^WARN wiki: beta failover waits: one more must agree \/ now \| 'wiki/,
  );
  expect(checkCode([summary])).toBe(1);
});

test('what can not be asked is unknown, and so is nothing at all', () => {
  expect(formatUnknown('wiki', 'Temporal does not answer')).toBe('UNKNOWN wiki: Temporal does not answer');
  expect(formatCheck([])).toBe('UNKNOWN tidemark: there is no relationship to check');
});

test('what could not be known is told of beside the rest, and is never up', () => {
  const [up, late] = [summaryOf('wiki', { beta: 60 }), summaryOf('shop', { beta: 7500 })];
  const unknown = [{ name: 'mail', why: 'no answer in time' }];
  expect(formatCheck([up], unknown).split('\n')).toEqual([
    "UNKNOWN mail: no answer in time | 'wiki/beta'=60s;7200;10800;0",
    'UP wiki: beta lag 1m, rpo 1h',
  ]);
  expect(checkCode([up], unknown)).toBe(3);
  // What is known to be wrong counts for more.
  expect(checkCode([up, late], unknown)).toBe(1);
  expect(formatCheck([late], unknown)).toMatch(/^WARN shop.*\nUNKNOWN mail/);
});
