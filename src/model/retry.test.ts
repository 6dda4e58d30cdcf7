import fc from 'fast-check';
import { nextRetryDelayMs } from './retry';

const failures = fc.integer({ min: 1, max: 100_000 });
const tick = fc.option(fc.integer({ min: -86_400_000, max: 86_400_000 }), { nil: undefined });

function delay(consecutiveFailures: number, msUntilNextTick?: number): number {
  return nextRetryDelayMs({ consecutiveFailures, ...(msUntilNextTick !== undefined && { msUntilNextTick }) });
}

test('waits 5 s at first, and twice as long after each further failure, up to 10 min', () => {
  const delays = Array.from({ length: 10 }, (_, index) => delay(index + 1) / 1000);
  expect(delays).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600, 600]);
});

test('never waits past the next tick, nor a negative time, nor longer than 10 min', () => {
  fc.assert(
    fc.property(failures, tick, (count, untilTick) => {
      const ms = delay(count, untilTick);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(Math.max(0, Math.min(600_000, untilTick ?? Infinity)));
    }),
  );
});

test('never waits less after more failures', () => {
  fc.assert(
    fc.property(failures, failures, tick, (a, b, untilTick) => {
      expect(delay(Math.min(a, b), untilTick)).toBeLessThanOrEqual(delay(Math.max(a, b), untilTick));
    }),
  );
});
