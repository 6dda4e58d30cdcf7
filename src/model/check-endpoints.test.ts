import { beta, checkParts } from '../../test/support/model/check-parts';
import { checkOptions } from './check-endpoints';
import { readDraft } from './draft-spec';

test.each([
  ['/srv/wiki', 'is the same directory as the source, alpha:/srv/wiki'],
  ['/srv//wiki/', 'is the same directory as the source, alpha:/srv/wiki'],
  ['/srv/wiki/copy', 'lies inside the source, alpha:/srv/wiki, and would be copied into itself'],
])('a target %s on the host of the source is refused', (directory, reason) => {
  const { problems } = checkParts({ targets: [{ host: 'alpha', directory }] });
  expect(problems).toEqual([`spec.targets[0].directory: ${reason}`]);
});

test('a target that holds the source is refused', () => {
  const { problems } = checkParts({
    source: { directory: '/data/a/b' },
    targets: [{ host: 'alpha', directory: '/data/a' }],
  });
  expect(problems).toEqual([
    'spec.targets[0].directory: contains the source, alpha:/data/a/b, and a sync would remove it',
  ]);
});

test('two targets may not share a folder or a name, and both are said', () => {
  expect(checkParts({ targets: [beta('/data/a'), beta('/data/a/b')] }).problems).toEqual([
    'spec.targets[1].directory: lies inside targets[0], beta:/data/a, and would be copied into itself',
    'spec.targets[1].host: duplicate name "beta", first used by targets[0]; set a unique name',
  ]);
  expect(checkParts({ targets: [beta('/data/a'), beta('/data/b', { name: 'other' })] }).problems).toEqual([]);
  expect(
    checkParts({ targets: [beta('/data/a'), { host: 'gamma', name: 'beta', directory: '/data/a' }] })
      .problems,
  ).toEqual(['spec.targets[1].name: duplicate name "beta", first used by targets[0]; set a unique name']);
});

test('system folders are refused, with the role in mind', () => {
  expect(checkParts({ source: { directory: '/etc/nginx' } }).problems).toEqual([]);
  expect(checkParts({ source: { directory: '/etc' }, targets: [beta('/etc/nginx')] }).problems).toEqual([
    'spec.source.directory: /etc is a system folder and never a volume; name a folder inside it',
    'spec.targets[0].directory: /etc/nginx belongs to the operating system, and would be replaced',
  ]);
});

test('an option that is about another kind of volume is refused wherever it stands', () => {
  const spec = readDraft({
    spec: {
      source: { host: 'alpha', directory: '/srv/a', quota: '1GiB' },
      targets: [
        { host: 'beta', zfs: 'tank/a', quota: '1GiB', mustBeMounted: true },
        { host: 'gamma', directory: '/srv/a', quota: 7 },
        { host: 'delta', quota: 7 },
      ],
    },
  });
  if (!spec) throw new Error('it is a document');
  const message = 'is for volumes of kind zfs, btrfs, not directory';
  expect(checkOptions(spec, { quota: ['zfs', 'btrfs'], mustBeMounted: ['zfs'] })).toMatchObject([
    { path: ['spec', 'source', 'quota'], message },
    { path: ['spec', 'targets', 1, 'quota'], message },
  ]);
  expect(checkOptions(spec)).toEqual([]);
});
