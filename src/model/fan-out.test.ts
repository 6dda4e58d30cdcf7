import fc from 'fast-check';
import { checkDocument } from './parse-spec';
import { asWritten, fanOut, type KnownAgent } from './fan-out';
import { formatSelector, isSelected } from './host-selector';
import { RESOURCE_LABELS } from './resource-labels';
import { selectionsOf } from './selections';
import type { HostSelector, Relationship } from './spec';

const EU = { matchLabels: { region: 'eu' } };
const written = (targets: object[], labels: Record<string, string> = {}): Relationship => {
  const { relationship, problems } = checkDocument({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki', labels },
    spec: { source: { host: 'alpha', directory: '/srv/wiki' }, targets },
  });
  expect(problems).toEqual([]);
  return relationship as Relationship;
};
const agent = (host: string, labels: KnownAgent['labels'] = { region: 'eu' }): KnownAgent => ({
  host,
  labels,
});
const places = ({ spec }: Relationship) =>
  spec.targets.map(({ host, name, directory }) => `${name ?? host}@${host}:${directory}`);
const copies = (more: object = {}) => ({ hostSelector: EU, directory: '/srv/copies', ...more });

test('a target stands for one on each host that matches, but for the source itself, and the rest is the same', () => {
  const agents = [agent('edge2'), agent('alpha'), agent('us1', { region: 'us' }), agent('edge1')];
  const { document, conflicts } = fanOut(written([copies({ class: 'edge', rpo: '1h' })]), agents);
  expect(conflicts).toEqual([]);
  expect(places(document)).toEqual(['edge1@edge1:/srv/copies', 'edge2@edge2:/srv/copies']);
  expect(document.spec.targets[1]).toMatchObject({
    host: 'edge2',
    class: 'edge',
    rpo: '1h',
    hostSelector: EU,
  });
  expect(selectionsOf(document)).toEqual([
    { selector: 'region=eu', volume: '/srv/copies', hosts: ['edge1', 'edge2'] },
  ]);
});

test('a document that was fanned out is as it was written again, also when it is applied as it is shown', () => {
  const document = written([{ host: 'beta', directory: '/srv/b' }, copies()]);
  const fanned = fanOut(document, [agent('edge1')]).document;
  expect(asWritten(fanned)).toEqual(asWritten(document));
  expect(checkDocument(fanned)).toEqual({ relationship: document, problems: [], warnings: [] });
  expect(fanOut(checkDocument(fanned).relationship as Relationship, [agent('edge1')]).document).toEqual(
    fanned,
  );
});

test('nobody matches: there is no target, and the selector is not forgotten', () => {
  const { document } = fanOut(written([copies()]), [agent('us1', { region: 'us' })]);
  expect(document.spec.targets).toEqual([]);
  expect(selectionsOf(document)).toEqual([{ selector: 'region=eu', volume: '/srv/copies', hosts: [] }]);
});

test('a host that is named outright with that volume is that target, as it is written there', () => {
  const { document, conflicts } = fanOut(
    written([copies({ class: 'edge' }), { host: 'edge1', directory: '/srv/copies', class: 'special' }]),
    [agent('edge1'), agent('edge2')],
  );
  expect(conflicts).toEqual([]);
  expect(document.spec.targets.map((target) => [target.host, target.class])).toEqual([
    ['edge1', 'special'],
    ['edge2', 'edge'],
  ]);
});

test('two selectors that match one host and volume, or volumes inside each other, are told of', () => {
  const tier = { matchLabels: { tier: 'edge' } };
  const both = agent('edge1', { region: 'eu', tier: 'edge' });
  const { document, conflicts } = fanOut(
    written([
      copies(),
      copies({ hostSelector: tier }),
      copies({ hostSelector: tier, directory: '/srv/copies/in' }),
    ]),
    [both],
  );
  expect(places(document)).toEqual(['edge1@edge1:/srv/copies']);
  expect(conflicts).toEqual([
    expect.stringMatching(
      /^hostSelector tier=edge: on host edge1, \/srv\/copies is the same directory as target edge1/,
    ),
    expect.stringMatching(
      /^hostSelector tier=edge: on host edge1, \/srv\/copies\/in lies inside target edge1/,
    ),
  ]);
});

test('two volumes on one host need a name, and with one each host has its own', () => {
  const second = { hostSelector: EU, directory: '/srv/more' };
  expect(fanOut(written([copies(), second]), [agent('edge1')]).conflicts).toEqual([
    expect.stringContaining('a target is called edge1 already, edge1:/srv/copies: give one of them a name'),
  ]);
  const { document, conflicts } = fanOut(written([copies(), { ...second, name: 'more' }]), [agent('edge1')]);
  expect(conflicts).toEqual([]);
  expect(places(document)).toEqual(['edge1@edge1:/srv/copies', 'more-edge1@edge1:/srv/more']);
});

test('whose labels match no more, or who was forgotten, is left off; of whom nothing is known stays, and who is held', () => {
  const hosts = ['away', 'gone', 'held', 'other', 'stays'];
  const now = fanOut(
    written([copies()]),
    hosts.map((host) => agent(host)),
  ).document;
  const agents = [agent('gone', null), agent('held', {}), agent('other', { region: 'us' }), agent('stays')];
  const next = fanOut(checkDocument(now).relationship as Relationship, agents, {
    document: now,
    held: ['held'],
  });
  expect(next.document.spec.targets.map(({ host }) => host)).toEqual(['away', 'held', 'stays']);
});

test('only hosts that a resource may name are matched', () => {
  const document = written([copies()], { [RESOURCE_LABELS.hosts]: 'alpha,edge2' });
  expect(places(fanOut(document, [agent('edge1'), agent('edge2')]).document)).toEqual([
    'edge2@edge2:/srv/copies',
  ]);
});

const key = fc.constantFrom('region', 'tier', 'example.net/rack', '__proto__x', 'toString');
const value = fc.constantFrom('', 'eu', 'us');
const labelSets = fc.dictionary(key, value);
const selectors: fc.Arbitrary<HostSelector> = fc.record({
  matchLabels: labelSets,
  matchExpressions: fc.array(
    fc.record({
      key,
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: fc.array(value, { minLength: 1 }),
    }),
  ),
});

test('every condition narrows: a selector matches where each of its parts does', () => {
  fc.assert(
    fc.property(selectors, labelSets, (selector, labels) => {
      const { matchLabels = {}, matchExpressions = [] } = selector;
      const parts = [
        ...Object.entries(matchLabels).map(([each, is]) => ({ matchLabels: { [each]: is } })),
        ...matchExpressions.map((expression) => ({ matchExpressions: [expression] })),
      ];
      expect(isSelected(selector, labels)).toBe(parts.every((part) => isSelected(part, labels)));
    }),
  );
});

test('In and NotIn, Exists and DoesNotExist say the contrary of each other; a label is In the list of its own value', () => {
  fc.assert(
    fc.property(key, fc.array(value, { minLength: 1 }), labelSets, (each, values, labels) => {
      const holds = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist') =>
        isSelected({ matchExpressions: [{ key: each, operator, values }] }, labels);
      expect(holds('NotIn')).toBe(!holds('In'));
      expect(holds('DoesNotExist')).toBe(!holds('Exists'));
      if (holds('In')) expect(holds('Exists')).toBe(true);
      expect(isSelected({ matchLabels: labels }, labels)).toBe(true);
    }),
  );
});

test('the same agents give the same targets in whatever order they are known, and each once', () => {
  const document = written([copies()]);
  const agents = fc.uniqueArray(
    fc.record({ host: fc.constantFrom('a', 'b', 'c', 'alpha'), labels: labelSets }),
    {
      selector: ({ host }) => host,
    },
  );
  fc.assert(
    fc.property(agents, (known) => {
      const one = fanOut(document, known).document;
      expect(fanOut(document, known.toReversed()).document).toEqual(one);
      const hosts = one.spec.targets.map(({ host }) => host);
      expect(new Set(hosts).size).toBe(hosts.length);
      expect(hosts).not.toContain('alpha');
      // What was fanned out already changes nothing.
      expect(
        fanOut(checkDocument(one).relationship as Relationship, known, { document: one, held: [] }).document,
      ).toEqual(one);
    }),
  );
});

test('a selector reads as kubectl takes it', () => {
  expect(
    formatSelector({
      matchLabels: { region: 'eu' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['edge', 'hub'] },
        { key: 'rack', operator: 'NotIn', values: ['r1'] },
        { key: 'disk', operator: 'Exists' },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    }),
  ).toBe('region=eu,tier in (edge,hub),rack notin (r1),disk,!old');
});
