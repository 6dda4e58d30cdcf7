import { checkParts } from '../../test/support/model/check-parts';
import { asReadBy, hubAtReaders, hubOf, legsOf } from './hub';
import { orient } from './orientation';
import type { Relationship } from './spec';

const through = { bucket: 's3:company/wiki', credentials: 'company' };
const targets = [
  { host: 'edge1', directory: '/srv/wiki' },
  { host: 'edge2', directory: '/srv/wiki' },
];

function make(): Relationship {
  const { relationship, problems } = checkParts({ through, targets });
  if (!relationship) throw new Error(problems.join('\n'));
  return relationship;
}

const namesOf = (list: readonly { name?: string | undefined; host: string }[]) =>
  list.map(({ name, host }) => name ?? host);

test('a bucket in between is a target too, of the source’s host, and read with the credentials of each', () => {
  const document = make();
  expect(hubOf(document)).toMatchObject({ name: 'bucket', host: 'alpha', bucket: 's3:company/wiki' });
  expect(hubAtReaders(document).map(({ endpoint }) => endpoint.host)).toEqual(['edge1', 'edge2']);
  // A document that is shown, and applied again as it is, is the same.
  expect(checkParts({ through, targets: document.spec.targets }).relationship?.spec.targets).toEqual(
    document.spec.targets,
  );
});

test('of claims, credentials are of the namespace: each that reads is asked once, and not the one that writes', () => {
  const { relationship } = checkParts({
    source: { host: 'east', directory: undefined, pvc: 'shop/data' },
    through,
    targets: [
      { host: 'east', pvc: 'shop/copy', name: 'beside' },
      { host: 'east', pvc: 'spare/one', name: 'one', runAs: '1000' },
      { host: 'east', pvc: 'spare/two', name: 'two' },
      { host: 'edge1', directory: '/srv/wiki' },
    ],
  });
  const readers = hubAtReaders(relationship as Relationship);
  expect(readers.map(({ endpoint, volume }) => [endpoint.host, volume.near?.path])).toEqual([
    ['east', 'spare/two'],
    ['edge1', undefined],
  ]);
});

test('by the clock a reader takes what is there; who asks has the source write first', () => {
  const document = make();
  expect(namesOf(legsOf(document, ['edge1'], 'schedule').written)).toEqual([]);
  const asked = legsOf(document, ['edge1'], 'request');
  expect(namesOf(asked.written)).toEqual(['bucket']);
  expect(namesOf(asked.readers)).toEqual(['edge1']);
  expect(asked.isChained).toBe(true);
  expect(legsOf(document, ['bucket'], 'request')).toMatchObject({ readers: [], isChained: false });
});

test('after a failover the new primary writes, and the old one reads', () => {
  const turned = orient(make(), 'edge1');
  expect(hubOf(turned)).toMatchObject({ host: 'edge1' });
  expect(namesOf(legsOf(turned, ['alpha', 'edge2'], 'request').readers).toSorted()).toEqual([
    'alpha',
    'edge2',
  ]);
});

test('a reader’s own sync has the bucket as its source, on its own host, and none of the source’s hooks', () => {
  const document = make();
  const [reader] = document.spec.targets;
  const hub = hubOf(document);
  if (!reader || !hub) throw new Error('no reader');
  expect(asReadBy(document, hub, [reader]).spec).toMatchObject({
    source: { host: 'edge1', bucket: 's3:company/wiki', credentials: 'company' },
    targets: [{ host: 'edge1' }],
  });
});

test.each([
  ['all of a remote', { bucket: 's3:' }, /must name a folder/],
  ['a way up', { bucket: 's3:wiki/../x' }, /must not contain \.\./],
  ['a backend with options', { bucket: ':local:/etc' }, /must be a remote of rclone/],
  ['an option', { bucket: '--config' }, /must be a remote of rclone/],
  ['a folder of the system', { bucket: '/etc' }, /\/etc/],
  ['a folder in its source', { bucket: '/srv/wiki/bucket' }, /lies inside the source/],
])('%s is refused in between, and as a target', (_, wrong, problem) => {
  expect(checkParts({ through: wrong, targets }).problems.join('\n')).toMatch(problem);
  expect(checkParts({ targets: [wrong] }).problems.join('\n')).toMatch(problem);
});

test('the common schedule and retention are the bucket’s too, though each reader has its own', () => {
  const own = targets.map((target) => ({ ...target, schedule: '*/5 * * * *', retain: { last: 2 } }));
  const { warnings } = checkParts({
    ...{ through, targets: own, retain: { daily: 7 } },
    trigger: { schedule: '0 * * * *' },
  });
  expect(warnings).toEqual([]);
});
