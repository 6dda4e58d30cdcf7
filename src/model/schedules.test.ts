import fc from 'fast-check';
import { makeDocument } from '../../test/support/model/records';
import { nextTick, schedulesOf, targetsDue } from './schedules';

const target = (name: string, schedule?: string) => ({
  host: name,
  directory: '/srv/data',
  ...(schedule !== undefined && { schedule }),
});

const { spec } = makeDocument('wiki', {
  targets: [target('beta'), target('gamma', '0 3 * * *'), target('delta', '0 3 * * sun')],
  trigger: { schedule: '*/15 * * * *', timezone: 'Europe/Paris' },
});

test('there is one Schedule, which ticks by every schedule that a target goes by, each once', () => {
  expect(schedulesOf(spec)).toEqual(['*/15 * * * *', '0 3 * * *', '0 3 * * sun']);
  const own = makeDocument('wiki', {
    targets: [target('beta', '5 * * * *'), target('gamma', '5 * * * *')],
    trigger: { schedule: '0 * * * *' },
  });
  expect(schedulesOf(own.spec)).toEqual(['5 * * * *']);
  expect(schedulesOf(makeDocument('wiki').spec)).toEqual([]);
});

test.each([
  ['2026-11-21T10:15:00Z', ['beta']],
  // Three in the morning in Paris, a Saturday.
  ['2026-11-21T02:00:00Z', ['beta', 'gamma']],
  ['2026-11-22T02:00:00Z', ['beta', 'gamma', 'delta']],
])('the tick of %s is for those whose schedules meet there: %p', (tick, names) => {
  expect(targetsDue(spec, tick)).toEqual(names);
});

test('a tick that no schedule has, triggered by hand, is for everybody', () => {
  expect(targetsDue(spec, '2026-11-21T10:07:31Z')).toEqual(['beta', 'gamma', 'delta']);
});

test('a target without any schedule waits for a request', () => {
  const some = makeDocument('wiki', { targets: [target('beta'), target('gamma', '0 3 * * *')] });
  expect(targetsDue(some.spec, '2026-11-21T03:00:00Z')).toEqual(['gamma']);
});

test('the next tick is the first of them all', () => {
  expect(nextTick(spec, Date.parse('2026-11-21T10:07:00Z'))).toBe('2026-11-21T10:15:00.000Z');
  expect(nextTick(makeDocument('wiki').spec, 0)).toBeUndefined();
});

test('every target whose turn it is gets its tick: going from tick to tick leaves none out', () => {
  const crons = fc.constantFrom('*/15 * * * *', '0 */2 * * *', '30 3 * * *', '0 3 * * *', '7 * * * *');
  fc.assert(
    fc.property(fc.array(crons, { minLength: 1, maxLength: 4 }), crons, (own, common) => {
      const document = makeDocument('wiki', {
        targets: [target('beta'), ...own.map((cron, index) => target(`t${index}`, cron))],
        trigger: { schedule: common },
      });
      const start = Date.parse('2026-11-21T00:00:00Z') - 1;
      const alone = (cron: string) => {
        const { spec: one } = makeDocument('wiki', { trigger: { schedule: cron } });
        return nextTick(one, start);
      };
      const first = new Map<string, string>();
      for (let at = nextTick(document.spec, start), n = 0; at !== undefined && n < 40; n++) {
        for (const name of targetsDue(document.spec, at)) if (!first.has(name)) first.set(name, at);
        at = nextTick(document.spec, Date.parse(at));
      }
      expect(first.get('beta')).toBe(alone(common));
      for (const [index, cron] of own.entries()) {
        const due = first.get(`t${index}`);
        if (due !== undefined) expect(due).toBe(alone(cron));
      }
    }),
    { numRuns: 30 },
  );
});
