import { serviceName, shorten, sshSecretName } from './names';

const LONG = 'thisisavery-very-very-very-longnameevenlongerthan63chars2';

it('names what it makes as VolSync does', () => {
  expect(serviceName('rsync', 'dst', 'shop')).toBe('volsync-rsync-dst-shop');
  expect(serviceName('rsyncTLS', 'dst', 'shop')).toBe('volsync-rsync-tls-dst-shop');
  expect(sshSecretName('dst', 'main', 'shop')).toBe('volsync-rsync-dst-main-shop');
});

it.each([
  [LONG, 'b167acba'],
  [`source-${LONG}`, '26a7661e'],
  [`restore-${LONG}`, 'cae76a6c'],
])('shortens what is too long for a label as VolSync does: %s', (name, hash) => {
  expect(serviceName('rsync', 'dst', name)).toBe(`volsync-rsync-dst-${hash}`);
});

it('leaves a name of 63 characters as it is', () => {
  const name = 'n'.repeat(63 - 'volsync-rsync-dst-'.length);
  expect(shorten('volsync-rsync-dst-', name)).toHaveLength(63);
  expect(shorten('volsync-rsync-dst-', `${name}n`)).toHaveLength('volsync-rsync-dst-'.length + 8);
});
