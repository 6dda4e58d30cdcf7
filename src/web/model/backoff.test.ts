import fc from 'fast-check';
import { pauseMs } from './backoff';

test('pauses grow with each failure in a row, up to a minute', () => {
  expect([0, 1, 2, 3, 9].map((failures) => pauseMs(5000, failures))).toEqual([
    5000, 10_000, 20_000, 40_000, 60_000,
  ]);
});

test('it never asks more often than it does when all is well', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600_000 }), fc.nat(), (everyMs, failures) => {
      expect(pauseMs(everyMs, failures)).toBeGreaterThanOrEqual(everyMs);
      expect(pauseMs(everyMs, failures)).toBeLessThanOrEqual(Math.max(everyMs, 60_000));
    }),
  );
});
