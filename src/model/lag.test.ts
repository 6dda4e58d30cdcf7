import fc from 'fast-check';
import { lagSeconds } from './lag';

const CAPTURED = '2026-11-21T08:00:00.000Z';

test('lag is the time since the capture', () => {
  expect(lagSeconds(CAPTURED, Date.parse('2026-11-21T08:01:30.500Z'))).toBe(90.5);
  expect(lagSeconds(CAPTURED, new Date('2026-11-21T09:00:00Z'))).toBe(3600);
});

test('lag is never negative, whatever the clocks say', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), fc.date({ noInvalidDate: true }), (captured, now) => {
      expect(lagSeconds(captured.toISOString(), now)).toBeGreaterThanOrEqual(0);
    }),
  );
});
