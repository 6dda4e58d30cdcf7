import { beta, checkParts } from '../../test/support/model/check-parts';
import { moverTo } from './endpoints';

const nas = { peer: 'ssh://backup@nas.example.net:2222/volume1/wiki', credentials: 'nas' };

test('a peer has no host of its own: it has the source, and is called by its kind', () => {
  const { relationship, problems } = checkParts({ targets: [beta('/srv/x'), nas] });
  expect(problems).toEqual([]);
  expect(relationship?.spec.targets[1]).toMatchObject({ host: 'alpha', name: 'peer' });
});

test('it is sent what the spec says of rsync, and may have less of the line', () => {
  const mover = { rsync: { exclude: ['*.tmp'], bandwidthLimit: '50MiB' } };
  const { relationship } = checkParts({
    mover,
    targets: [beta('/srv/x'), { ...nas, bandwidthLimit: '2MiB' }],
  });
  const [, target] = relationship?.spec.targets ?? [];
  expect(relationship && target && moverTo(relationship, target)).toMatchObject({
    rsync: { exclude: ['*.tmp'], bandwidthLimit: '2MiB' },
  });
});

test.each([
  [
    'with another host than the source',
    { ...nas, host: 'beta' },
    /^spec\.targets\[0\]\.host: .*leave host out/,
  ],
  ['with a password', { ...nas, peer: 'ssh://me:pw@nas/x' }, /must be an account and a folder/],
  ['without an account', { ...nas, peer: 'ssh://nas/x' }, /must be an account and a folder/],
  ['without a folder', { ...nas, peer: 'ssh://me@nas/' }, /must be an account and a folder/],
  [
    'that ssh would take for an option',
    { ...nas, peer: 'ssh://me@-oProxyCommand=x/y' },
    /must be an account/,
  ],
  [
    'of which a shell would make more',
    { ...nas, peer: 'ssh://me@nas/x;reboot' },
    /must have a folder of letters/,
  ],
  [
    'whose shell would look for a user',
    { ...nas, peer: 'ssh://me@nas/~/~root' },
    /must have a folder of letters/,
  ],
  [
    'whose shell would look for names',
    { ...nas, peer: 'ssh://me@nas/[a-z]' },
    /must have a folder of letters/,
  ],
  [
    'that rsync would take for an option',
    { ...nas, peer: 'ssh://me@nas/~/-e' },
    /must have a folder of letters/,
  ],
  ['above where it begins', { ...nas, peer: 'ssh://me@nas/~/../x' }, /must not contain \.\./],
  [
    'with options of other kinds',
    { ...nas, pruneEvery: '1d' },
    /pruneEvery: is for volumes of kind repository/,
  ],
])('a peer %s is refused', (_, target, problem) => {
  expect(checkParts({ targets: [target] }).problems).toEqual([expect.stringMatching(problem)]);
});

test.each([
  ...['ssh://root@198.51.100.7/~', 'ssh://root@[2001:db8::7]:22/~/wiki', 'ssh://me@nas/Über-uns/x'],
  ...[
    'rsync+tls://198.51.100.7/data',
    'rsync+tls://[2001:db8::7]:9000/data',
    'rsync+tls://lb-1.example.net:8000/data',
  ],
])('%s is one', (peer) => {
  expect(checkParts({ targets: [{ ...nas, peer }] }).problems).toEqual([]);
});

const door = { directory: undefined, peer: 'ssh://192.0.2.1:2222/srv/incoming/wiki' };

test('a source is a folder of its host, which somebody else pushes to', () => {
  const source = { ...door, host: 'beta', credentials: 'nas', signal: 'volsync' };
  const { relationship, problems } = checkParts({
    source,
    targets: [{ host: 'gamma', directory: '/srv/x' }],
  });
  expect(problems).toEqual([]);
  expect(relationship?.spec.source).toMatchObject({ host: 'beta', peer: door.peer, copyMethod: 'Direct' });
  expect(relationship?.spec.mover).toHaveProperty('rsync');
});

test.each([
  ['with an account', { peer: 'ssh://me@192.0.2.1:2222/srv/x' }, /source\.peer: must have no account/],
  ['without a port', { peer: 'ssh://192.0.2.1/srv/x' }, /must name a port of its own/],
  ['without such a port', { peer: 'ssh://192.0.2.1:0/srv/x' }, /must name a port of its own/],
  ['where nobody logs in', { peer: 'ssh://192.0.2.1:2222/~/x' }, /must have an absolute folder/],
  ['that leads out', { peer: 'ssh://192.0.2.1:2222/srv/x/../../etc' }, /must not contain \.\./],
  ['of the system', { peer: 'ssh://192.0.2.1:2222/etc/x' }, /belongs to the operating system/],
  ['that has a limit of its own', { bandwidthLimit: '1MiB' }, /bandwidthLimit: is for targets/],
])('a source %s is refused', (_, asked, problem) => {
  expect(checkParts({ source: { ...door, ...asked } }).problems).toEqual([expect.stringMatching(problem)]);
});

test('a source that others push to lies apart from the targets on its host', () => {
  const { problems } = checkParts({
    source: { ...door, host: 'alpha' },
    targets: [{ host: 'alpha', directory: '/srv/incoming/wiki/copy' }],
  });
  expect(problems).toEqual([expect.stringMatching(/lies inside the source/)]);
});

test('what others push goes to stores and to peers too, and by way of a bucket', () => {
  const source = { ...door, host: 'beta', credentials: 'theirs' };
  const stores = [{ bucket: 's3:company/wiki', credentials: 's3' }, { repository: '/srv/restic' }, nas];
  const { relationship, problems } = checkParts({ source, targets: stores });
  expect(problems).toEqual([]);
  expect(relationship?.spec.targets).toMatchObject([
    { host: 'beta', name: 'bucket' },
    { host: 'beta', name: 'repository' },
    { host: 'beta', name: 'peer', peer: nas.peer },
  ]);
  const through = { bucket: 's3:company/wiki', credentials: 's3' };
  expect(checkParts({ source, through, targets: [{ host: 'gamma', directory: '/srv/x' }] }).problems).toEqual(
    [],
  );
});

test('a store in the folder that others push to is refused', () => {
  const { problems } = checkParts({
    source: { ...door, host: 'beta' },
    targets: [{ repository: '/srv/incoming/wiki/restic' }],
  });
  expect(problems).toEqual([expect.stringMatching(/repository: lies inside the source/)]);
});
