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

test.each(['ssh://root@198.51.100.7/~', 'ssh://root@[2001:db8::7]:22/~/wiki', 'ssh://me@nas/Über-uns/x'])(
  '%s is one',
  (peer) => {
    expect(checkParts({ targets: [{ ...nas, peer }] }).problems).toEqual([]);
  },
);

test('a peer is no source yet', () => {
  const asSource = checkParts({ source: { directory: undefined, ...nas } });
  expect(asSource.problems.join('\n')).toMatch(/a peer can be a target, not a source/);
});
