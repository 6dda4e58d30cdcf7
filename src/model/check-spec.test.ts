import fc from 'fast-check';
import { arbitraryRelationship } from '../../test/support/arbitrary-relationship';
import { checkSpec } from './check-spec';
import { checkDocument } from './examine-document';

interface Parts {
  source?: object;
  targets?: object[];
  [part: string]: unknown;
}

/** What is said of a document that is right but for the given parts of its spec. */
function check({ source, targets, ...rest }: Parts) {
  return checkDocument({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory: '/srv/wiki', ...source },
      targets: targets ?? [{ host: 'beta', directory: '/srv/wiki' }],
      ...rest,
    },
  });
}
const beta = (directory: string, more: object = {}) => ({ host: 'beta', directory, ...more });

test('one folder on two hosts is fine', () => {
  const { relationship, problems, warnings } = check({});
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  expect(relationship?.spec.retain).toEqual({ last: 3 });
});

test.each([
  ['/srv/wiki', 'is the same volume as the source, alpha:/srv/wiki'],
  ['/srv//wiki/', 'is the same volume as the source, alpha:/srv/wiki'],
  ['/srv/wiki/copy', 'lies inside the source, alpha:/srv/wiki, and would be copied into itself'],
])('a target %s on the host of the source is refused', (directory, reason) => {
  const { problems } = check({ targets: [{ host: 'alpha', directory }] });
  expect(problems).toEqual([`spec.targets[0].directory: ${reason}`]);
});

test('a target that holds the source is refused', () => {
  const { problems } = check({
    source: { directory: '/data/a/b' },
    targets: [{ host: 'alpha', directory: '/data/a' }],
  });
  expect(problems).toEqual([
    'spec.targets[0].directory: contains the source, alpha:/data/a/b, and a sync would remove it',
  ]);
});

test('two targets may not share a folder or a name, and both are said', () => {
  expect(check({ targets: [beta('/data/a'), beta('/data/a/b')] }).problems).toEqual([
    'spec.targets[1].directory: lies inside targets[0], beta:/data/a, and would be copied into itself',
    'spec.targets[1].host: targets[0] is called "beta" too; give this target a name of its own',
  ]);
  expect(check({ targets: [beta('/data/a'), beta('/data/b', { name: 'other' })] }).problems).toEqual([]);
  expect(
    check({ targets: [beta('/data/a'), { host: 'gamma', name: 'beta', directory: '/data/a' }] }).problems,
  ).toEqual(['spec.targets[1].name: targets[0] is called "beta" too; give this target a name of its own']);
});

test('system folders are refused, with the role in mind', () => {
  expect(check({ source: { directory: '/etc/nginx' } }).problems).toEqual([]);
  expect(check({ source: { directory: '/etc' }, targets: [beta('/etc/nginx')] }).problems).toEqual([
    'spec.source.directory: /etc is a system folder and never a volume; name a folder inside it',
    'spec.targets[0].directory: /etc/nginx belongs to the operating system, and a sync would replace it',
  ]);
});

test.each(['../evil', '/bin/sh', 'a/b', '-rf', '.hidden', '..'])(
  'a hook %s is not a plain file name',
  (file) => {
    const { problems } = check({
      hooks: { afterPublish: [{ run: ['fine', '/any/argument'] }, { run: [file] }] },
    });
    expect(problems).toEqual([
      `spec.hooks.afterPublish[1].run[0]: "${file}" must be the plain name of a file in the agent's --allow-hooks folder`,
    ]);
  },
);

test('jitter must end before the next tick', () => {
  const trigger = (jitter: string) => ({ trigger: { schedule: '*/15 * * * *', jitter } });
  expect(check(trigger('14m59s')).problems).toEqual([]);
  expect(check(trigger('15m')).problems).toEqual([
    'spec.trigger.jitter: must be shorter than the 15m between two ticks',
  ]);
});

test('a wrong schedule and a wrong time zone are both said', () => {
  expect(check({ trigger: { schedule: '@daily', timezone: 'Pairs' } }).problems).toEqual([
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
    'rules that keep nothing',
    { retain: { hourly: 0 } },
    'spec.retain: keeps the newest recovery point alone',
  ],
  [
    'rules for points that are never made',
    { retain: { last: 9 }, targets: [beta('/srv/x', { copyMethod: 'Direct' })] },
    'spec.retain: has no effect: targets with copyMethod Direct keep no recovery points',
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
  [
    'rules that every target has better ones than',
    { retain: { last: 9 }, targets: [beta('/srv/x', { retain: { daily: 3 } })] },
    'spec.retain: has no effect: every target has a retain of its own',
  ],
  [
    "a target's rules for points that are never made",
    { targets: [beta('/srv/x', { retain: { daily: 3 }, copyMethod: 'Direct' })] },
    'spec.targets[0].retain: has no effect: targets with copyMethod Direct keep no recovery points',
  ],
])('%s is accepted with a warning', (_, parts, warning) => {
  const { relationship, problems, warnings } = check(parts);
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [warning] });
  expect(relationship).toBeDefined();
});

test("a target's schedule is judged as the relationship's is", () => {
  const far = (schedule: string) => beta('/srv/y', { name: 'far', schedule });
  expect(
    check({
      trigger: { schedule: '0 * * * *', jitter: '10m' },
      targets: [beta('/srv/x'), far('*/5 * * * *')],
    }).problems,
  ).toEqual(['spec.trigger.jitter: must be shorter than the 5m between two ticks of targets[1]']);
  expect(check({ targets: [far('@daily')] }).problems).toEqual([
    'spec.targets[0].schedule: must be a cron expression of five fields; did you mean "0 0 * * *"?',
  ]);
  const nightly = check({
    trigger: { schedule: '*/15 * * * *' },
    objectives: { rpo: '1h' },
    targets: [beta('/srv/x'), { ...far('0 3 * * *'), rpo: '2d', retain: { daily: 30 } }],
  });
  expect(nightly).toMatchObject({ problems: [], warnings: [] });
});

test('mistakes of shape hide no others', () => {
  const { relationship, problems } = check({
    source: { directory: '/', colour: 'red' },
    retain: 7,
    trigger: { schedule: 'x', jitter: 5 },
  });
  expect(relationship).toBeUndefined();
  expect(problems).toEqual([
    expect.stringMatching(/^spec\.source\.colour: unknown key/),
    expect.stringMatching(/^spec\.trigger\.jitter: must be a duration/),
    expect.stringMatching(/^spec\.retain: must be a mapping, not 7/),
    expect.stringMatching(/^spec\.source\.directory: the root folder/),
    expect.stringMatching(/^spec\.trigger\.schedule: must be a cron/),
  ]);
});

test('any value can be judged, and none but a right one gives a relationship', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(checkSpec(value).warnings).toEqual([]);
      const { relationship, problems } = checkDocument(value);
      expect(relationship).toBeUndefined();
      expect(problems.length).toBeGreaterThan(0);
    }),
  );
});

test('what was accepted is accepted again, unchanged', () => {
  fc.assert(
    fc.property(arbitraryRelationship, (relationship) => {
      expect(checkDocument(relationship)).toMatchObject({ relationship, problems: [] });
    }),
  );
});
