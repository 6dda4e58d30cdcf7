import { formatProblem, parseSpecs } from './parse-spec';
import { FULL_EXAMPLE, SHORT_EXAMPLE } from './spec-example';

/** All mistakes in a text as users see them, without the file's name. */
function mistakes(text: string): string[] {
  return parseSpecs(text, 'x').problems.map((problem) => formatProblem(problem).slice(2));
}

/** A document whose lines from the fifth on are given. */
function withSpec(...lines: string[]): string {
  return [
    'apiVersion: tidemark/v1',
    'kind: Relationship',
    'metadata: { name: wiki }',
    'spec:',
    ...lines,
    '',
  ].join('\n');
}
const SOURCE = '  source: { host: alpha, directory: /srv/wiki }';
const TARGETS = '  targets: [{ host: beta, directory: /srv/wiki }]';

describe('what is right', () => {
  test('the examples of the reference have no mistake', () => {
    const { relationships, problems, warnings } = parseSpecs(
      `${FULL_EXAMPLE}---\n${SHORT_EXAMPLE.replace('wiki', 'short')}`,
      'x',
    );
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(relationships.map(({ metadata }) => metadata.name)).toEqual(['wiki', 'short']);
  });

  test('what is left out gets its default', () => {
    const [short] = parseSpecs(SHORT_EXAMPLE, 'x').relationships;
    expect(short?.spec).toMatchObject({
      source: { copyMethod: 'Direct', mustBeMounted: false },
      targets: [{ copyMethod: 'Auto', class: 'node' }],
      mover: { rsync: { exclude: [], compress: 'auto', checksum: false } },
      trigger: { timezone: 'UTC', catchUp: '10m' },
      retain: { last: 3 },
      guards: { allowEmpty: false, allowForeign: false, maxDeletes: '50%' },
      hooks: { beforeCapture: [] },
    });
  });

  test('a path is kept in one spelling', () => {
    const text = withSpec('  source: { host: alpha, directory: //srv/./wiki// }', TARGETS);
    expect(parseSpecs(text, 'x').relationships[0]?.spec.source.directory).toBe('/srv/wiki');
  });

  test('a byte order mark, Windows line ends, comments and references between parts are fine', () => {
    const text = `\ufeff# mine\n${withSpec('  source: &here { host: alpha, directory: /srv/wiki }', '  targets:', '    - <<: x')}`;
    const good = text
      .replace('    - <<: x', '    - { host: beta, directory: /srv/wiki } # far')
      .replaceAll('\n', '\r\n');
    expect(mistakes(good)).toEqual([]);
    expect(mistakes(good.replace('metadata: {', 'metadata: { labels: &l { a: b },'))).toEqual([]);
  });
});

describe('what is wrong is shown in its line, with a guess', () => {
  test.each([
    [
      'a key',
      withSpec(SOURCE, TARGETS, '  trigger:', '    schedul: "* * * * *"'),
      '8:5: spec.trigger.schedul: unknown key; did you mean "schedule"?',
    ],
    [
      'a key in the wrong place',
      withSpec(SOURCE, TARGETS, '  schedule: "* * * * *"'),
      '7:3: spec.schedule: unknown key; did you mean "spec.trigger.schedule"?',
    ],
    [
      'a choice',
      withSpec('  source: { host: alpha, directory: /srv/wiki, copyMethod: snapshot }', TARGETS),
      '5:60: spec.source.copyMethod: must be one of Direct, Snapshot, Clone, Auto, not "snapshot"; did you mean "Snapshot"?',
    ],
    [
      'a volume kind',
      withSpec(SOURCE, '  targets:', '    - host: beta', '      lvm: tank/wiki'),
      '8:7: spec.targets[0].lvm: unknown volume kind; there is directory, zfs, btrfs, image',
    ],
    [
      'a volume kind that the mover does not carry',
      withSpec(SOURCE, '  targets:', '    - host: beta', '      zfs: tank/wiki'),
      '8:12: spec.targets[0].zfs: the rsync mover carries directory, pvc, repository, bucket, peer, not zfs; the source is of kind directory',
    ],
    [
      'a second volume',
      withSpec(
        SOURCE,
        '  targets:',
        '    - host: beta',
        '      directory: /srv/wiki',
        '      zfs: tank/wiki',
      ),
      '9:12: spec.targets[0].zfs: names a second volume beside directory: an endpoint has one',
    ],
    [
      'a mover',
      withSpec(SOURCE, TARGETS, '  mover: { rsnyc: {} }'),
      '7:12: spec.mover.rsnyc: unknown mover; there is rsync, zfs, btrfs, image, block, restic, rclone, push; did you mean "rsync"?',
    ],
    [
      'a missing key',
      withSpec(SOURCE, '  targets:', '    - host: beta'),
      '7:7: spec.targets[0].directory: is missing',
    ],
    ['a missing part', withSpec(SOURCE), '4:1: spec.targets: is missing'],
    [
      'a slip that hides a required key',
      withSpec('  sorce: { host: alpha, directory: /srv/wiki }', TARGETS),
      '5:3: spec.sorce: unknown key; did you mean "source"?',
    ],
    [
      'a key without value',
      withSpec(SOURCE, TARGETS, '  trigger:'),
      '7:3: spec.trigger: is empty: give it a value, or leave the key out',
    ],
    [
      'a number for text',
      SHORT_EXAMPLE.replace('name: wiki', 'name: wiki, labels: { tier: 1 }'),
      '3:41: metadata.labels.tier: must be text, not 1; put it in quotes',
    ],
    [
      'a number for a duration',
      withSpec(SOURCE, TARGETS, '  objectives: { rpo: 30 }'),
      '7:22: spec.objectives.rpo: must be a duration such as 90s, 15m, 1h30m or 7d, not 30',
    ],
    [
      'a wrong duration',
      withSpec(SOURCE, TARGETS, '  objectives: { rpo: 1 hour }'),
      '7:22: spec.objectives.rpo: must be a duration such as 90s, 15m, 1h30m or 7d, not "1 hour"',
    ],
    [
      'a list for a mapping',
      withSpec(SOURCE, TARGETS, '  retain: [3]'),
      '7:3: spec.retain: must be a mapping, not a list',
    ],
    [
      'a number out of bounds',
      withSpec(SOURCE, TARGETS, '  retain: { last: 0 }'),
      '7:19: spec.retain.last: must be at least 1',
    ],
    ['an empty list', withSpec(SOURCE, '  targets: []'), '6:3: spec.targets: must have at least 1 entry'],
    [
      'a relative path',
      withSpec('  source: { host: alpha, directory: wiki }', TARGETS),
      '5:37: spec.source.directory: must be an absolute path, not "wiki"',
    ],
    [
      'a path that climbs',
      withSpec('  source: { host: alpha, directory: /srv/../etc }', TARGETS),
      '5:37: spec.source.directory: must not contain ..',
    ],
    [
      'a pattern of two lines',
      withSpec(SOURCE, TARGETS, '  mover: { rsync: { exclude: ["a\\nb"] } }'),
      '7:31: spec.mover.rsync.exclude[0]: must be one line of text, and not empty, not "a\\nb"',
    ],
    [
      'an option of rsync that is not safe',
      withSpec(SOURCE, TARGETS, '  mover: { rsync: { extraOptions: [--remove-source-files] } }'),
      '7:36: spec.mover.rsync.extraOptions[0]: must be one of',
    ],
    [
      'another kind',
      SHORT_EXAMPLE.replace('Relationship', 'Relatonship'),
      '2:7: kind: must be Relationship, not "Relatonship"; did you mean "Relationship"?',
    ],
    [
      'another version',
      SHORT_EXAMPLE.replace('tidemark/v1', 'tidemark/v2'),
      '1:13: apiVersion: must be tidemark/v1, not "tidemark/v2"; did you mean "tidemark/v1"?',
    ],
    [
      'a system folder',
      withSpec(SOURCE, '  targets: [{ host: beta, directory: /etc/x }]'),
      '6:38: spec.targets[0].directory: /etc/x belongs to the operating system, and would be replaced',
    ],
    [
      'a name of capitals',
      SHORT_EXAMPLE.replace('name: wiki', 'name: Wiki'),
      '3:19: metadata.name: must be 1 to 63 lower-case letters',
    ],
    ['a list', '- a\n', '1:1: must be a mapping, not a list'],
    ['a word', 'wiki\n', '1:1: must be a mapping, not "wiki"'],
  ])('%s', (_, text, expected) => {
    expect(mistakes(text)).toEqual([expect.stringContaining(expected)]);
  });
});

describe('mistakes of YAML itself', () => {
  test.each([
    [
      'a bare star in a schedule',
      withSpec(SOURCE, TARGETS, '  trigger:', '    schedule: */15 * * * *'),
      '8:15: "*/15" must be in quotes: a bare * has a meaning of its own in YAML',
    ],
    [
      'a bare star in a list',
      withSpec(SOURCE, TARGETS, '  mover: { rsync: { exclude: [*.tmp] } }'),
      '7:31: "*.tmp" must be in quotes: a bare * has a meaning of its own in YAML',
    ],
    [
      'a key twice',
      withSpec(SOURCE, TARGETS, '  retain: { last: 1, last: 2 }'),
      '7:22: spec.retain.last: duplicate key',
    ],
    [
      'a tab',
      withSpec(SOURCE, TARGETS, '  retain:', '\tlast: 1'),
      '8:1: a tab can not indent in YAML: use spaces',
    ],
    [
      'an open quote',
      withSpec(SOURCE, TARGETS, "  objectives: { rpo: '1h }"),
      '7:22: a quote that is never closed',
    ],
    ['an open brace', withSpec(SOURCE, TARGETS, '  retain: { last: 1'), '8:1: Flow map'],
    [
      'a text with a colon',
      withSpec(SOURCE, TARGETS, '  retain: last: 3'),
      '7:11: a second ": " in one line',
    ],
    ['no document', '# only a comment\n', '1:1: there is no document in it'],
    ['nothing', '', '1:1: there is no document in it'],
    [
      'an empty document',
      `---\n---\n${SHORT_EXAMPLE}`,
      '1:1: an empty document: remove it, or the --- that begins it',
    ],
    ['an empty last document', `${SHORT_EXAMPLE}---\n`, '8:1: an empty document'],
    [
      'an unknown tag',
      SHORT_EXAMPLE.replace('name: wiki', 'name: !secret wiki'),
      '3:19: Unresolved tag: !secret',
    ],
  ])('%s is shown once, in its line', (_, text, expected) => {
    const found = mistakes(text);
    expect(found).toEqual([expect.stringContaining(expected)]);
  });

  test('references that grow without bound are refused', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [*l${level},*l${level},*l${level}]`,
    );
    expect(mistakes(['l0: &l0 [x]', ...levels].join('\n'))).toEqual([expect.stringContaining('alias')]);
  });

  test('a key beside a mistake of syntax in an earlier line is not guessed about, one before it is shown', () => {
    const text = withSpec(
      '  sorce: { host: alpha, directory: /srv/wiki }',
      '  retain: last: 3',
      '  trigge: {}',
    );
    expect(mistakes(text)).toEqual([
      expect.stringMatching(/^5:3: spec\.sorce: unknown key/),
      expect.stringMatching(/^6:11: /),
    ]);
  });
});

describe('everything at once', () => {
  test('all mistakes of all documents are shown in the order of their lines', () => {
    const first = withSpec(
      '  source: { host: alpha, directory: / }',
      '  targets: [{ hsot: beta, directory: x }]',
      '  trigger: { schedule: "61 * * * *", timezone: Paris }',
    );
    const second = withSpec(SOURCE, TARGETS, '  trigger:', '    schedule: */5 * * * *', '    timezon: UTC');
    expect(mistakes(`${first}---\n${second}`)).toEqual([
      '5:37: spec.source.directory: the root folder is never a volume',
      '6:15: spec.targets[0].hsot: unknown key; did you mean "host"?',
      '6:38: spec.targets[0].directory: must be an absolute path, not "x"',
      '7:24: spec.trigger.schedule: not a cron expression: Invalid value for minute: 61',
      '7:48: spec.trigger.timezone: no time zone is called "Paris"; names are such as Europe/Paris; did you mean "Europe/Paris"?',
      '11:19: metadata.name: duplicate name "wiki", first used in line 3',
      '16:15: "*/5" must be in quotes: a bare * has a meaning of its own in YAML',
      '17:5: spec.trigger.timezon: unknown key; did you mean "timezone"?',
    ]);
  });

  test('warnings are told apart from mistakes', () => {
    const { relationships, problems, warnings } = parseSpecs(
      `${SHORT_EXAMPLE}  objectives: { rpo: 10m }\n`,
      'x',
    );
    expect({ count: relationships.length, problems }).toEqual({ count: 1, problems: [] });
    expect(warnings.map(formatProblem)).toEqual([
      "x:8:22: spec.objectives.rpo: can't be kept: two ticks are up to 15m apart",
    ]);
  });
});

test('a percentage written as a number is told once what to write', () => {
  const text = [
    'apiVersion: tidemark/v1',
    'kind: Relationship',
    'metadata: { name: wiki }',
    'spec:',
    '  source: { host: alpha, directory: /srv/a }',
    '  targets: [{ host: beta, directory: /srv/b }]',
    '  guards: { maxDeletes: 50 }',
  ].join('\n');
  expect(parseSpecs(text, 'x.yaml').problems.map(({ message }) => message)).toEqual([
    'must be a percentage such as 50%, not 50',
  ]);
});
