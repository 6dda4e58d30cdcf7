import { makePrice } from './price';
import type { PriceFindings } from './price';
import type { Point } from './records';
import { priceLines, renderPrice, renderSagaDetails } from './saga-details';
import type { SagaPhase } from './saga-details';

const NOW = Date.parse('2026-11-21T10:00:00Z');

const point = (sequence: number, capturedAt: string, more: Partial<Point> = {}): Point => ({
  ...{ id: `p${sequence}`, syncId: `wiki-00000${sequence}`, sequence, capturedAt, publishedAt: capturedAt },
  ...{ method: 'Snapshot', identity: String(sequence), bytes: 1_048_576, files: 5 },
  ...more,
});

const linesOf = (findings: Partial<PriceFindings>) =>
  Object.fromEntries(
    priceLines(
      makePrice({
        ...{ relationship: 'wiki', target: 'beta', host: 'beta', volume: '/srv/wiki' },
        ...{ points: [point(1, '2026-11-21T09:00:00Z')], broken: false, nowMs: NOW },
        ...findings,
      }),
    ),
  );

const PHASES: SagaPhase[] = [
  { phase: 'Fencing', text: 'alpha is no longer the primary', state: 'done' },
  { phase: 'RollingBack', text: 'beta goes back to p1', state: 'running' },
];

test('the details of an operation name each phase, and how far it is', () => {
  const text = renderSagaDetails(['### Failover of `wiki`'], PHASES);
  expect(text).toMatch(/^### Failover of `wiki`/);
  expect(text).toMatch(/Fencing \| done \| alpha is no longer the primary/);
  expect(text).toMatch(/RollingBack \| now \| beta goes back to p1/);
  expect(text).not.toContain('It waits');
});

test('a phase that failed says above all else what it waits for, with what to do', () => {
  const failure = { type: 'NotMounted' as const, message: 'it is gone', host: 'beta', hint: 'mount it' };
  const text = renderSagaDetails([], [{ phase: 'Promoting', text: 'beta', state: 'failed', failure }]);
  expect(text).toMatch(
    /It waits:.*NotMounted: it is gone.*host beta[\s\S]*mount it[\s\S]*Promoting \| \*\*failed/,
  );
});

test('nothing that a user or a tool wrote breaks out of the table', () => {
  const text = renderSagaDetails([], [{ phase: 'Fencing', text: '/srv/a|b\n# <b>', state: 'running' }]);
  const row = text.split('\n').find((line) => line.includes('Fencing')) ?? '';
  expect(row.replaceAll('\\|', '').split('|').length - 1).toBe(4);
  expect(text).not.toMatch(/^# /m);
});

test('a price says where it goes on, how old that is, what is lost, and whether it was ever verified', () => {
  const comparison = { differences: [], total: 3, unexplained: 0, bytes: 2_097_152 };
  const lines = linesOf({ comparison });
  expect(lines['goes on at']).toBe('beta (beta:/srv/wiki)');
  expect(lines['goes back to']).toBe('recovery point p1, 1.00 MiB');
  expect(lines['which is']).toBe('1h old');
  expect(lines['written at the source since']).toContain('3 entries, 2.00 MiB: lost to beta');
  expect(lines['last verified']).toBe('never');
  expect(lines).not.toHaveProperty('leaves behind');
});

test('where the source has written nothing, or can not be asked, the price says which of the two', () => {
  const none = { differences: [], total: 0, unexplained: 0, bytes: 0 };
  expect(linesOf({ comparison: none })['written at the source since']).toBe('nothing');
  const away = linesOf({ comparison: { type: 'HostUnreachable', message: 'no agent answers' } });
  expect(away['written at the source since']).toBe('not known');
  expect(Object.values(away).join()).not.toContain('nothing');
});

test('an older point says how many newer ones it leaves behind; no point at all that it is no whole copy', () => {
  const points = [point(1, '2026-11-21T09:00:00Z'), point(2, '2026-11-21T09:30:00Z')];
  expect(linesOf({ points, pointId: 'p1' })['leaves behind']).toBe('1 newer recovery point');
  const none = linesOf({ points: [] });
  expect(none['goes back to']).toContain('not a whole copy');
  expect(none).not.toHaveProperty('which is');
});

test('as Markdown the price has each fact in a row of its own', () => {
  const price = makePrice({
    ...{ relationship: 'wiki', target: 'beta', host: 'beta', volume: '/srv/a|b' },
    ...{ points: [point(1, '2026-11-21T09:00:00Z')], broken: false, nowMs: NOW },
  });
  const text = renderPrice(price);
  for (const [fact] of priceLines(price)) expect(text).toContain(fact);
  expect(text).toContain('`recovery point p1, 1.00 MiB`');
});
