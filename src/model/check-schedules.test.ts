import { beta, checkParts } from '../../test/support/model/check-parts';

test('jitter must end before the next tick', () => {
  const trigger = (jitter: string) => ({ trigger: { schedule: '*/15 * * * *', jitter } });
  expect(checkParts(trigger('14m59s')).problems).toEqual([]);
  expect(checkParts(trigger('15m')).problems).toEqual([
    'spec.trigger.jitter: must be shorter than the 15m between two ticks',
  ]);
});

test('a wrong schedule and a wrong time zone are both said', () => {
  expect(checkParts({ trigger: { schedule: '@daily', timezone: 'Pairs' } }).problems).toEqual([
    'spec.trigger.timezone: no time zone is called "Pairs"; names are such as Europe/Paris',
    'spec.trigger.schedule: must be a cron expression of five fields; did you mean "0 0 * * *"?',
  ]);
});

test.each([
  [
    'a promise that the schedule can not keep',
    { trigger: { schedule: '0 * * * *' }, objectives: { rpo: '30m' } },
    "spec.objectives.rpo: can't be kept: two ticks are up to 1h apart",
  ],
  [
    'both kinds of day',
    { trigger: { schedule: '0 0 1 * mon' } },
    'spec.trigger.schedule: runs only on days that match both the day of month and the day of week',
  ],
  [
    'jitter of nothing',
    { trigger: { jitter: '5s' } },
    'spec.trigger.jitter: has no effect without a schedule',
  ],
  [
    'a schedule that no target goes by',
    { trigger: { schedule: '0 * * * *' }, targets: [beta('/srv/x', { schedule: '5 * * * *' })] },
    'spec.trigger.schedule: has no effect: every target has a schedule of its own',
  ],
  [
    'a promise that the schedule of one target can not keep',
    {
      trigger: { schedule: '*/15 * * * *' },
      objectives: { rpo: '1h' },
      targets: [beta('/srv/x'), beta('/srv/y', { name: 'far', schedule: '0 3 * * *' })],
    },
    "spec.objectives.rpo: can't be kept: two ticks of targets[1] are up to 1d apart",
  ],
  [
    "a target's promise that its schedule can not keep",
    { targets: [beta('/srv/x', { schedule: '0 3 * * *', rpo: '12h' })] },
    "spec.targets[0].rpo: can't be kept: two ticks are up to 1d apart",
  ],
  [
    'a limit that gives a target up between any two syncs',
    {
      source: { pinLimit: { age: '2d' } },
      targets: [
        beta('/srv/x', { schedule: '0 3 * * *' }),
        beta('/srv/y', { name: 'far', schedule: '0 3 1 * *' }),
      ],
    },
    'spec.source.pinLimit.age: gives targets[1] up between any two syncs, which are up to 31d apart',
  ],
])('%s is accepted with a warning', (_, parts, warning) => {
  const { relationship, problems, warnings } = checkParts(parts);
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [warning] });
  expect(relationship).toBeDefined();
});

test("a target's schedule is judged as the relationship's is", () => {
  const far = (schedule: string) => beta('/srv/y', { name: 'far', schedule });
  expect(
    checkParts({
      trigger: { schedule: '0 * * * *', jitter: '10m' },
      targets: [beta('/srv/x'), far('*/5 * * * *')],
    }).problems,
  ).toEqual(['spec.trigger.jitter: must be shorter than the 5m between two ticks of targets[1]']);
  expect(checkParts({ targets: [far('@daily')] }).problems).toEqual([
    'spec.targets[0].schedule: must be a cron expression of five fields; did you mean "0 0 * * *"?',
  ]);
  const nightly = checkParts({
    trigger: { schedule: '*/15 * * * *' },
    objectives: { rpo: '1h' },
    targets: [beta('/srv/x'), { ...far('0 3 * * *'), rpo: '2d', retain: { daily: 30 } }],
  });
  expect(nightly).toMatchObject({ problems: [], warnings: [] });
});
