import fc from 'fast-check';
import { checkCron, checkTimezone, makeCron, tickGaps } from './cron';

test.each([
  '* * * * *',
  '*/15 * * * *',
  '0 3 * * *',
  '0 8-18/2 * * mon-fri',
  '5,35 0 1 JAN,jul 7',
  ' 0  0 * * * ',
])('"%s" is a schedule', (expression) => {
  expect(checkCron(expression)).toBeUndefined();
});

test.each([
  ['', 'this has 1'],
  ['* * * *', 'this has 4'],
  ['0 * * * * *', 'this has 6'],
  ['61 * * * *', 'Invalid value for minute: 61'],
  ['*/0 * * * *', 'stepping'],
  ['0 22-2 * * *', "From value is larger than to value: '22-2'"],
  ['0 0 31 2 *', 'this schedule never runs'],
  ['0 0 L * *', '"L" is not part of a cron expression'],
  ['0 0 * * fri#2', '"fri#2" is not part'],
  ['0 0 ? * *', '"?" is not part'],
  ['0 0 15W * *', '"15W" is not part'],
  ['0 0 * march *', '"march" is not part'],
  ['TZ=UTC 0 0 * *', '"TZ=UTC" is not part'],
])('"%s" is none: %s', (expression, reason) => {
  expect(checkCron(expression)?.message).toContain(reason);
});

test('a named schedule gets its five fields as a guess', () => {
  expect(checkCron('@hourly')?.suggestion).toBe('0 * * * *');
  expect(checkCron('@Daily')?.suggestion).toBe('0 0 * * *');
});

test('both kinds of day must match, as a Schedule of Temporal has it', () => {
  const next = makeCron('0 8 1 * mon', 'UTC').nextRun(new Date('2027-01-02T00:00:00Z'));
  expect(next?.toISOString()).toBe('2027-02-01T08:00:00.000Z');
});

test.each([
  ['*/15 * * * *', 15, 15],
  ['0,10 * * * *', 10, 50],
  ['0 3 * * *', 24 * 60, 24 * 60],
  ['* 8-18 * * *', 1, 13 * 60 + 1],
  ['* 8-18 * * 1-5', 1, 61 * 60 + 1],
])('the ticks of "%s" are %d to %d minutes apart', (expression, shortest, longest) => {
  expect(tickGaps(expression)).toEqual({ shortestMs: shortest * 60_000, longestMs: longest * 60_000 });
});

test('few ticks show the same gaps as many do', () => {
  const minute = fc.constantFrom('0', '7', '5,50', '*/30');
  const hour = fc.constantFrom('*', '3', '8-18', '*/5', '22,23');
  const dayOfWeek = fc.constantFrom('*', 'sun', 'mon-fri', '3');
  fc.assert(
    fc.property(minute, hour, dayOfWeek, (...[minutes, hours, days]) => {
      const expression = `${minutes} ${hours} * * ${days}`;
      const ticks = makeCron(expression, 'UTC').nextRuns(1000, new Date('2027-03-04T05:06:07Z'));
      const gaps = ticks.slice(1).map((tick, index) => tick.getTime() - (ticks[index]?.getTime() ?? 0));
      const all = { shortestMs: Math.min(...gaps), longestMs: Math.max(...gaps) };
      expect(tickGaps(expression)).toEqual(all);
    }),
    { numRuns: 40 },
  );
});

test.each([
  'UTC',
  'Europe/Paris',
  'America/Argentina/Buenos_Aires',
  'Asia/Calcutta',
  'US/Eastern',
  'Etc/GMT+5',
])('%s is a time zone', (timezone) => {
  expect(checkTimezone(timezone)).toBeUndefined();
});

test.each([
  ['europe/paris', 'Europe/Paris'],
  ['Europe/Pariss', 'Europe/Paris'],
  ['Paris', 'Europe/Paris'],
  ['new york', 'America/New_York'],
  ['utc', 'UTC'],
  ['+01:00', undefined],
  ['', undefined],
  ['Middle-earth/Shire', undefined],
])('%j is no time zone, the guess is %s', (timezone, suggestion) => {
  const found = checkTimezone(timezone);
  expect(found?.message).toContain('no time zone is called');
  expect(found?.suggestion).toBe(suggestion);
});
