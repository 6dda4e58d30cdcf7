import { choosePast, describePast } from './past-state';

const states = ['2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z', '2026-11-03T00:00:00Z'];
const choose = (asked: Parameters<typeof choosePast>[1]) => choosePast(states, asked, (at) => at);

test.each([
  [{}, states[2]],
  [{ previous: 1 }, states[1]],
  [{ restoreAsOf: '2026-11-02T00:00:00Z' }, states[1]],
  [{ restoreAsOf: '2026-11-02T01:30:00+02:00' }, states[0]],
  [{ restoreAsOf: '2026-11-03T12:00:00Z', previous: 2 }, states[0]],
])('%j is %s', (asked, expected) => expect(choose(asked)).toBe(expected));

test.each([{ restoreAsOf: '2026-10-31T23:59:59Z' }, { previous: 3 }])('%j is none', (asked) => {
  expect(choose(asked)).toBeUndefined();
});

test('what was asked for is told in words', () => {
  expect(describePast({ restoreAsOf: '2026-10-31T23:59:59Z' })).toBe('the newest as of 2026-10-31T23:59:59Z');
  expect(describePast({ previous: 3 })).toBe('3 before the newest');
});
