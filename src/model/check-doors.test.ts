import { checkParts } from '../../test/support/model/check-parts';
import { moverTo, volumeIn } from './endpoints';

const door = {
  ...{ host: 'east', directory: undefined, peer: 'ssh://shop-door:22' },
  ...{ signal: 'volsync', credentials: 'shop-keys' },
};
const shop = { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' };

test('what is pushed to a door of a cluster lands in the claim that is the target, and nothing of ours carries it', () => {
  const { relationship, problems } = checkParts({ source: door, targets: [shop] });
  expect(problems).toEqual([]);
  const [target] = relationship?.spec.targets ?? [];
  expect(relationship && target && moverTo(relationship, target)).toEqual({ push: {} });
  expect(relationship && target && volumeIn(relationship, target)).toMatchObject({ door: 'shop-door' });
  expect(relationship && volumeIn(relationship, relationship.spec.source)).toMatchObject({
    kind: 'peer',
    near: { path: 'shop/data' },
  });
});

test('a claim that is no target of a door is told of none', () => {
  const { relationship } = checkParts({ targets: [shop] });
  const [target] = relationship?.spec.targets ?? [];
  expect(relationship && target && volumeIn(relationship, target)).not.toHaveProperty('door');
});

test.each([
  [
    'two targets',
    {},
    [shop, { ...shop, pvc: 'shop/other', name: 'other' }],
    /^spec\.targets\[1\]: .*of its own/,
  ],
  ['another host', {}, [{ ...shop, host: 'west' }], /^spec\.targets\[0\]\.host: must be east/],
  ['no claim', {}, [{ host: 'east', directory: '/srv/x' }], /^spec\.targets\[0\]: must be the claim/],
  ['no keys', { credentials: undefined }, [shop], /^spec\.source\.credentials: is missing/],
  ['a frozen source', { copyMethod: 'Snapshot' }, [shop], /^spec\.source\.copyMethod: is for the target/],
  [
    'a folder',
    { peer: 'ssh://192.0.2.1:2222/srv/in' },
    [shop],
    /^spec\.source\.peer: must be the name of a Service/,
  ],
  [
    'TLS, and a signal of SSH',
    { peer: 'rsync+tls://d:8000' },
    [shop],
    /^spec\.source\.signal: is for SSH: through TLS, the file complete says/,
  ],
  [
    'TLS, and a folder',
    { peer: 'rsync+tls://d:8000/data' },
    [shop],
    /^spec\.source\.peer: must be the name of a Service and its port, as a source/,
  ],
])('a door with %s is refused', (_, more, targets, message) => {
  const { problems } = checkParts({ source: { ...door, ...more }, targets });
  expect(problems).toContainEqual(expect.stringMatching(message));
});

test.each([
  ['a mover', { mover: { block: {} } }, /^spec\.mover\.block: carries nothing here/],
  [
    'hooks around the capture',
    { hooks: { beforeCapture: [{ run: ['x'] }] } },
    /^spec\.hooks\.beforeCapture: /,
  ],
  ['a bucket in between', { through: { bucket: 's3:x/y' } }, /^spec\.through: has no place/],
])('%s beside a door is refused', (_, more, message) => {
  const { problems } = checkParts({ source: door, targets: [shop], ...more });
  expect(problems).toContainEqual(expect.stringMatching(message));
});

test('what is for such a door alone is refused elsewhere', () => {
  const { problems } = checkParts({
    source: { ...door, peer: 'ssh://192.0.2.1:2222/srv/in', serviceType: 'NodePort' },
    mover: { push: {} },
  });
  expect(problems).toContainEqual(expect.stringMatching(/^spec\.source\.serviceType: is for the Service/));
  expect(problems).toContainEqual(expect.stringMatching(/^spec\.mover\.push: /));
});

test('a door may be one by TLS, with the Secret of the shared key', () => {
  const source = { ...door, peer: 'rsync+tls://shop-door:8000', signal: undefined };
  expect(checkParts({ source, targets: [shop] }).problems).toEqual([]);
});

test.each([
  ['ssh://shop-door:22', /^spec\.targets\[0\]\.peer: must be an account/],
  ['rsync+tls://shop-door:8000', /^spec\.targets\[0\]\.peer: must name what is there/],
])('%s is no target', (peer, message) => {
  const { problems } = checkParts({ targets: [{ peer, credentials: 'x' }] });
  expect(problems).toContainEqual(expect.stringMatching(message));
});
