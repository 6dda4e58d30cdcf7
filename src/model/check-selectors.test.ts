import { checkDocument } from './parse-spec';

const problemsOf = (target: object): string[] =>
  checkDocument({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory: '/srv/wiki' },
      targets: [{ directory: '/srv/x', ...target }],
    },
  }).problems;
const AT = 'spec.targets[0].hostSelector';

test.each([
  [{}],
  [{ matchLabels: {} }],
  [{ matchExpressions: [] }],
  [{ matchLabels: {}, matchExpressions: [] }],
])('a selector that is empty, %j, is refused, and it is said why', (hostSelector) => {
  expect(problemsOf({ hostSelector })).toEqual([
    expect.stringMatching(/^spec\.targets\[0\]\.hostSelector: is empty, which would mean every agent/),
  ]);
});

test.each([
  [{ matchLabels: { region: 'eu' } }],
  [{ matchLabels: { 'example.net/region': '' } }],
  [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['edge'] }] }],
  [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }],
])('%j is accepted', (hostSelector) => {
  expect(problemsOf({ hostSelector })).toEqual([]);
});

test('every mistake of a selector is told at once, with its place', () => {
  const hostSelector = {
    matchLabels: { 'no space': 'eu', region: 7, tier: '-' },
    matchExpressions: [
      { key: 'a', operator: 'In' },
      { key: 'b', operator: 'Exists', values: ['x'] },
      { key: 'c', operator: 'GreaterThan', values: ['1'] },
      { operator: 'Exists' },
      { key: '/', operator: 'NotIn', values: [] },
    ],
    matchFields: {},
  };
  const problems = problemsOf({ host: 'beta', hostSelector });
  const starts = problems.map((problem) => problem.slice(AT.length, problem.indexOf(': ')));
  expect(problems.every((problem) => problem.startsWith(AT))).toBe(true);
  expect(new Set(starts)).toEqual(
    new Set([
      '',
      '.matchFields',
      '.matchLabels["no space"]',
      '.matchLabels.region',
      '.matchLabels.tier',
      '.matchExpressions[0].values',
      '.matchExpressions[1].values',
      '.matchExpressions[2].operator',
      '.matchExpressions[3].key',
      '.matchExpressions[4].key',
      '.matchExpressions[4].values',
    ]),
  );
  expect(problems).toContain(`${AT}: stands in place of host: leave one of them out`);
});

test('what has no host of its own has none to choose', () => {
  const hostSelector = { matchLabels: { region: 'eu' } };
  expect(problemsOf({ directory: undefined, bucket: 's3:data/wiki', hostSelector })).toContain(
    `${AT}: a bucket has no host of its own: the source writes to it; leave hostSelector out`,
  );
});

test('a target names a host, or selects some', () => {
  expect(problemsOf({})).toEqual(['spec.targets[0].host: is missing']);
  expect(problemsOf({ hostSelector: 'region=eu' })).toEqual([`${AT}: must be a mapping, not "region=eu"`]);
});

test('a source, and a bucket in between, select nothing', () => {
  const { problems } = checkDocument({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory: '/srv/wiki', hostSelector: {} },
      through: { bucket: 's3:data/wiki', hostSelector: {} },
      targets: [{ host: 'beta', directory: '/srv/x' }],
    },
  });
  expect(problems.map((problem) => problem.split(';')[0])).toEqual([
    'spec.source.hostSelector: unknown key',
    'spec.through.hostSelector: unknown key',
  ]);
});
