import { ageText, formatAge, lagNow, lagShare, lagText, momentText } from './ages';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

test.each([
  [-1, 'just now'],
  [1, 'just now'],
  [-59, '59s ago'],
  [-61, '1m ago'],
  [-3599, '59m ago'],
  [-3660, '1h 1m ago'],
  [-200_000, '2d 7h ago'],
  [125, 'in 2m'],
])('%i s from now is %s', (seconds, text) => {
  expect(ageText(at(seconds), NOW)).toBe(text);
});

test('an age ticks by seconds for a minute, and by minutes after that', () => {
  expect(formatAge(0)).toBe('0s');
  expect(formatAge(59_999)).toBe('59s');
  expect(formatAge(119_999)).toBe('1m');
});

test('a moment of today is a time, any other has its day, and none is shown as it is', () => {
  expect(momentText(at(-5), NOW)).toMatch(/^\d\d:\d\d:55$/);
  expect(momentText(at(-40 * 86_400), NOW)).toMatch(/^2026-10-1\d \d\d:\d\d$/);
  expect(momentText('yesterday', NOW)).toBe('yesterday');
});

test('lag is told against what was promised', () => {
  const promised = { seconds: 3600, by: 'rpo' as const };
  expect(lagText({ lagSeconds: 300, promised })).toBe('5m of 1h rpo');
  expect(lagText({ lagSeconds: 300, promised: null })).toBe('5m, nothing promised');
  expect(lagText({ lagSeconds: null, promised })).toBe('never synced, 1h rpo');
  expect(lagText({ lagSeconds: null, promised: null })).toBe('never synced');
});

test('a bar is full at three times what was promised, where a target is down, and without any point', () => {
  const promised = { seconds: 3600, by: 'schedule' as const };
  expect(lagShare({ lagSeconds: 3600, promised })).toBeCloseTo(1 / 3);
  expect(lagShare({ lagSeconds: 99_999, promised })).toBe(1);
  expect(lagShare({ lagSeconds: null, promised })).toBe(1);
  expect(lagShare({ lagSeconds: 10, promised: null })).toBe(0);
});

test('lag goes on between two answers, and is never negative', () => {
  expect(lagNow(at(-90), NOW)).toBe(90);
  expect(lagNow(at(90), NOW)).toBe(0);
  expect(lagNow(null, NOW)).toBeNull();
});
