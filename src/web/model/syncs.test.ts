import fc from 'fast-check';
import type { SyncEntry, TargetEntry } from '../../catalog/contract';
import { bytesSentOf, changedOf, describeSyncs, errorText, layoutSyncs, syncText } from './syncs';

const target = (more: Partial<TargetEntry> = {}): TargetEntry => ({
  ...{
    name: 'beta',
    host: 'beta',
    result: 'succeeded',
    how: null,
    bytesSent: 2048,
    bytesChanged: 1,
    attempts: 1,
  },
  ...{ filesChanged: 3, filesDeleted: 0, reachedBytes: null, durationSeconds: 2, recoveryPoint: null },
  ...{ errorType: null, error: null, toolMessage: null, hint: null, leftOut: [], ...more },
});

const sync = (id: number, more: Partial<SyncEntry> = {}): SyncEntry => ({
  ...{ id, syncId: `wiki-${id}`, relationship: 'wiki', sequence: id, reason: 'schedule', capturedAt: null },
  ...{ startedAt: new Date(Date.UTC(2026, 10, 21, 8, id)).toISOString(), endedAt: '', durationSeconds: 4 },
  ...{ result: 'succeeded', errorType: null, error: null, hint: null, workflowId: '', runId: '' },
  ...{ targets: [target()], ...more },
});

const SIZE = { width: 600, bytesHeight: 100, durationHeight: 50 };

test('bytes and entries are summed over targets; without any completed transfer nothing is known', () => {
  expect(bytesSentOf(sync(1, { targets: [target(), target({ bytesSent: null })] }))).toBe(2048);
  expect(changedOf(sync(1, { targets: [target(), target()] }))).toBe(6);
  expect(bytesSentOf(sync(1, { targets: [target({ bytesSent: null })] }))).toBeNull();
  expect(syncText(sync(1))).toBe(
    '2026-11-21T08:01:00.000Z: succeeded, 2.00 KiB sent, 3 entries changed, 4.0s',
  );
});

test('an error is told with its target, or of the sync as a whole', () => {
  const failed = target({ error: 'no room', result: 'failed' });
  expect(errorText(sync(1, { error: 'one failed', targets: [target(), failed] }))).toBe('beta: no room');
  expect(errorText(sync(1, { error: 'no capture', targets: [] }))).toBe('no capture');
  expect(errorText(sync(1))).toBe('');
});

test('every bar and dot lies in the chart, whatever was sent, and whenever', () => {
  const entries = fc.array(
    fc.record({
      minute: fc.nat(1e6),
      bytes: fc.option(fc.nat(2 ** 40)),
      seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
    }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(entries, (given) => {
      const syncs = given.map(({ minute, bytes, seconds }, id) =>
        sync(id, {
          startedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
          durationSeconds: seconds,
          targets: [target({ bytesSent: bytes })],
        }),
      );
      const { bars, timeTicks } = layoutSyncs(syncs, SIZE);
      for (const { x, width, y, height, durationY } of bars) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(SIZE.width + 1e-6);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y + height).toBeCloseTo(SIZE.bytesHeight);
        expect(durationY).toBeGreaterThanOrEqual(0);
        expect(durationY).toBeLessThanOrEqual(SIZE.durationHeight);
      }
      expect(timeTicks.length).toBeLessThan(20);
    }),
  );
});

test('a picture of syncs is told in words', () => {
  expect(describeSyncs([sync(1), sync(2, { result: 'failed' })])).toBe(
    '2 syncs, 1 without success, 4.00 KiB sent in all, the longest took 4.0s',
  );
});
