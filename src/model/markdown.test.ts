import fc from 'fast-check';
import { code, plain, table, time } from './markdown';

test('two dashes stay two dashes, so that a command can be copied', () => {
  expect(plain('tidemark agent --host a-b')).toBe(String.raw`tidemark agent \-\-host a-b`);
});

test('no text adds a cell or a row to a table', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(plain, code), (text, show) => {
      const rows = table(['a', 'b'], [[show(text), 'x']]).split('\n');
      expect(rows).toHaveLength(3);
      const bare = (rows[2] ?? '').replaceAll(/\\./g, '');
      expect(bare.split('|')).toHaveLength(4);
    }),
  );
});

test('an instant is told to the second, in UTC', () => {
  expect(time('2026-11-21T10:15:00.123Z')).toBe('2026-11-21 10:15:00 UTC');
  expect(time(undefined)).toBe('–');
});
