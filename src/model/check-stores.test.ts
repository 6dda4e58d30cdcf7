import { beta, checkParts } from '../../test/support/model/check-parts';

const store = { repository: 's3:https://s3.example.net/wiki', credentials: 'wiki' };

test('a repository has no host of its own: it has the source, and is called by its kind', () => {
  const { relationship, problems } = checkParts({ targets: [beta('/srv/x'), store] });
  expect(problems).toEqual([]);
  expect(relationship?.spec.targets[1]).toMatchObject({ host: 'alpha', name: 'repository' });
});

test('a target of another kind has one', () => {
  expect(checkParts({ targets: [{ directory: '/srv/x' }] }).problems).toEqual([
    'spec.targets[0].host: is missing',
  ]);
});

test.each([
  [
    'with another host than the source',
    { ...store, host: 'beta' },
    /^spec\.targets\[0\]\.host: .*leave host out/,
  ],
  [
    'with a password in its URL',
    { repository: 'rest:http://me:pw@store/wiki' },
    /must not contain a password/,
  ],
  ['that restic would take for an option', { repository: '--help' }, /must be a repository of restic/],
  ['in a folder of the system', { repository: '/etc' }, /\/etc/],
  ['inside of its source', { repository: '/srv/wiki/.restic' }, /lies inside the source/],
  ['with options of other kinds', { ...store, capacity: '1Gi' }, /capacity: is for volumes of kind pvc/],
])('a repository %s is refused', (_, target, problem) => {
  expect(checkParts({ targets: [target] }).problems).toEqual([expect.stringMatching(problem)]);
});

test('two of them need names', () => {
  const { problems } = checkParts({ targets: [store, { ...store, repository: '/srv/restic' }] });
  expect(problems).toEqual([expect.stringMatching(/duplicate name "repository"/)]);
  expect(checkParts({ targets: [store, { ...store, name: 'offsite' }] }).problems).toEqual([]);
});

const claim = { host: 'east', directory: undefined, pvc: 'shop/data' };

test('a repository takes the files of a directory or a claim, and of nothing else', () => {
  expect(checkParts({ source: claim, targets: [store] }).problems).toEqual([]);
  const ofDataset = checkParts({
    source: { host: 'alpha', directory: undefined, zfs: 'tank/wiki' },
    targets: [store],
  });
  expect(ofDataset.problems.join('\n')).toMatch(
    /takes the files of a directory or a claim, and the source is of kind zfs/,
  );
});

test.each([
  ['a folder', { ...store, repository: '/srv/restic' }, {}, /is a folder of a machine, and a claim has none/],
  ['an account by SSH', { ...store, repository: 'sftp:me@nas:/restic' }, {}, /a pod has none/],
  [
    'anything but files',
    store,
    { mover: { block: {} } },
    /a repository takes files, and the block mover sends/,
  ],
])('a claim is not brought into a repository that is %s', (_, target, more, problem) => {
  const { problems } = checkParts({ source: claim, targets: [target], ...more });
  expect(problems).toEqual([expect.stringMatching(problem)]);
});

test('a claim does not get what is in a folder of a machine', () => {
  const targets = [{ host: 'east', pvc: 'shop/data' }];
  const folder = { bucket: '/srv/bucket' };
  const problem = [expect.stringMatching(/is a folder of a machine/)];
  const { problems } = checkParts({ source: { host: 'east', directory: undefined, ...folder }, targets });
  expect(problems).toEqual(problem);
  const between = checkParts({
    source: { directory: '/srv/wiki' },
    through: folder,
    targets,
    mover: { rsync: {} },
  });
  expect(between.problems).toEqual(problem);
});

test('a repository is read as a source by the host that is named, and as it was at a time', () => {
  const { relationship, problems } = checkParts({
    source: { directory: undefined, ...store, restoreAsOf: '2026-11-30T08:00:00+01:00', previous: 2 },
  });
  expect(problems).toEqual([]);
  expect(relationship?.spec).toMatchObject({ source: { host: 'alpha', previous: 2 }, mover: { rsync: {} } });
});

test.each([
  ['without a host', { host: undefined }, /source\.host: is missing/],
  ['at a time without a zone', { restoreAsOf: '2026-11-30 08:00' }, /must be a time with its zone/],
  ['at a time that there is not', { restoreAsOf: '2026-13-30T08:00:00Z' }, /must be a time that there is/],
])('a repository as a source %s is refused', (_, more, problem) => {
  const { problems } = checkParts({ source: { directory: undefined, ...store, ...more } });
  expect(problems.join('\n')).toMatch(problem);
});

test('which state is read is said of a source alone', () => {
  const { problems } = checkParts({ targets: [{ ...store, previous: 1 }] });
  expect(problems).toEqual([expect.stringMatching(/previous: says which state of a source is read/)]);
});
