import fc from 'fast-check';
import { durationToMs, formatBytes, formatDuration, isDuration, isSize, sizeToBytes } from './units';

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const part = fc.record({
  count: fc.nat({ max: 500 }),
  unit: fc.constantFrom(...(Object.keys(MS) as (keyof typeof MS)[])),
});

test('a duration is the sum of its parts', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const text = parts.map(({ count, unit }) => `${count}${unit}`).join('');
      expect(durationToMs(text)).toBe(parts.reduce((sum, { count, unit }) => sum + count * MS[unit], 0));
    }),
  );
});

test.each(['', '5', 'm', '1.5h', '-5m', '5 m', '1h 30m', '5M', '90s\n', '٣m', '9999999999w', '101y'])(
  '%j is not a duration',
  (text) => {
    expect(isDuration(text)).toBe(false);
    expect(() => durationToMs(text)).toThrow(RangeError);
  },
);

test('what isDuration accepts is a safe number of milliseconds, and all else throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(\d{1,12}(ms|s|m|h|d|w)){1,3}$/)), (text) => {
      if (isDuration(text)) expect(Number.isSafeInteger(durationToMs(text))).toBe(true);
      else expect(() => durationToMs(text)).toThrow(RangeError);
    }),
  );
});

test('a size is its number times its unit', () => {
  fc.assert(
    fc.property(fc.nat({ max: 4095 }), fc.constantFrom('B', 'KiB', 'MiB', 'GiB', 'TiB'), (count, unit) => {
      const exponent = ['B', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit);
      expect(sizeToBytes(`${count}${unit}`)).toBe(count * 1024 ** exponent);
    }),
  );
  expect(sizeToBytes('1.5GiB')).toBe(1_610_612_736);
});

test.each(['', '5', 'MiB', '5MB', '5 MiB', '-1B', '1e3B', '.5MiB', '99999999999999999999TiB'])(
  '%j is not a size',
  (text) => {
    expect(isSize(text)).toBe(false);
    expect(() => sizeToBytes(text)).toThrow(RangeError);
  },
);

test('a formatted duration is within 5 % of the duration, in two units at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10_000, max: 36_500 * MS.d }), (ms) => {
      const text = formatDuration(ms);
      expect(text).toMatch(/^\d+[dhms]( \d+[hms])?$/);
      expect(Math.abs(durationToMs(text.replace(' ', '')) - ms)).toBeLessThanOrEqual(ms * 0.05);
    }),
  );
});

test.each([
  [0, '0ms'],
  [340, '340ms'],
  [1500, '1.5s'],
  [12_000, '12s'],
  [59_999, '1m'],
  [5_400_000, '1h 30m'],
  [3_601_000, '1h'],
  [90_061_000, '1d 1h'],
])('%d ms are shown as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a formatted size is within 1 % of the size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 900 * 1024 ** 4 }), (bytes) => {
      const text = formatBytes(bytes);
      expect(Math.abs(sizeToBytes(text.replace(' ', '')) - bytes)).toBeLessThanOrEqual(bytes * 0.01);
    }),
  );
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1024, '1.00 KiB'],
  [402_653_184, '384 MiB'],
  [1_095_216_660, '1.02 GiB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
