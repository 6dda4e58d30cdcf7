import { checkDocument } from '../model/parse-spec';
import { allows, documentOf, foreignNamespaces, objectionToRestore, refusalsOf } from './document';
import { RESOURCE_LABELS } from '../model/resource-labels';
import { relationshipNameOf, RESOURCE, type RelationshipResource } from './resource';

const OPTIONS = { cluster: 'east', hosts: ['nas1'] };

const resource = (spec: object): RelationshipResource => ({
  apiVersion: RESOURCE.apiVersion,
  kind: RESOURCE.kind,
  metadata: { name: 'mysql', namespace: 'shop', uid: 'u1', generation: 3, labels: { team: 'a' } },
  spec: spec as Record<string, unknown>,
});
const wiki = {
  source: { host: 'east', pvc: 'shop/mysql' },
  targets: [{ host: 'nas1', directory: '/srv/x' }],
};

test('a resource stands for a document that is accepted, and says whose it is', () => {
  const document = documentOf(OPTIONS, resource(wiki));
  expect(checkDocument(document)).toMatchObject({ problems: [] });
  expect(document).toMatchObject({
    metadata: {
      name: 'east.shop.mysql',
      labels: {
        team: 'a',
        [RESOURCE_LABELS.cluster]: 'east',
        [RESOURCE_LABELS.resource]: 'shop/mysql',
        [RESOURCE_LABELS.uid]: 'u1',
        [RESOURCE_LABELS.generation]: '3',
      },
    },
  });
});

test('names that are too long are cut, stay apart, and are names', () => {
  const [one, other] = ['a', 'b'].map((last) => relationshipNameOf('east', 'shop', 'x'.repeat(252) + last));
  expect(one).toHaveLength(63);
  expect(one).toMatch(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
  expect(one).not.toBe(other);
});

test('a resource names claims of its own namespace, and hosts that it may', () => {
  expect(refusalsOf(resource(wiki), OPTIONS, new Set())).toEqual([]);
});

test('everything that a resource may not name is told at once', () => {
  const targets = [
    { host: 'alpha', directory: '/x' },
    { host: 'east', pvc: 'spare/copy' },
  ];
  const foreign = resource({ source: { host: 'east', pvc: 'other/mysql' }, targets });
  expect(foreignNamespaces('east', foreign)).toEqual(['other', 'spare']);
  expect(refusalsOf(foreign, OPTIONS, new Set(['spare']))).toEqual([
    expect.stringMatching(
      /^spec\.source\.pvc: is in namespace other, which does not allow shop that; kubectl/,
    ),
    expect.stringMatching(/^spec\.targets\[0\]\.host: resources of this cluster may not name alpha/),
  ]);
});

test.each([
  [undefined, false],
  ['', false],
  ['shop', true],
  ['blog, shop', true],
  ['shops', false],
  ['*', true],
])('the annotation %p of a namespace allows shop: %p', (value, expected) => {
  expect(allows(value === undefined ? {} : { 'tidemark.dev/allow-relationships-from': value }, 'shop')).toBe(
    expected,
  );
});

test('a point is brought where a resource may name it, and nowhere else', () => {
  const names = { own: 'shop', other: 'spare' };
  expect(objectionToRestore(OPTIONS, 'east', true, names)).toBeUndefined();
  expect(objectionToRestore(OPTIONS, 'east', false, names)).toMatch(/is in namespace spare/);
  expect(objectionToRestore(OPTIONS, 'alpha', true, names)).toMatch(/may not name alpha/);
});

const selecting = {
  source: { host: 'east', pvc: 'shop/mysql' },
  targets: [{ hostSelector: { matchLabels: { region: 'eu' } }, pvc: 'shop/mysql' }],
};

test('a selector of a resource means no host that the resource may not name, whatever labels its owner gives it', () => {
  const { metadata, ...rest } = resource(selecting);
  const labels = { [RESOURCE_LABELS.hosts]: 'alpha' };
  expect(documentOf(OPTIONS, { ...rest, metadata: { ...metadata, labels } })).toMatchObject({
    metadata: { labels: { [RESOURCE_LABELS.hosts]: 'east,nas1' } },
  });
  expect(refusalsOf(resource(selecting), OPTIONS, new Set())).toEqual([]);
});

test('it may mean this very cluster, and names no claim there that is not its own', () => {
  const [target] = selecting.targets;
  const foreign = resource({ ...selecting, targets: [{ ...target, pvc: 'spare/mysql' }] });
  expect(foreignNamespaces('east', foreign)).toEqual(['spare']);
  expect(refusalsOf(foreign, OPTIONS, new Set())).toEqual([
    expect.stringMatching(/^spec\.targets\[0\]\.pvc: is in namespace spare/),
  ]);
  expect(refusalsOf(foreign, OPTIONS, new Set(['spare']))).toEqual([]);
});
