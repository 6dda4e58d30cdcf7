import {
  captureName,
  jobName,
  madeClaimName,
  nameImage,
  serviceName,
  shorten,
  sshSecretName,
  tlsSecretName,
} from './made-names';

const LONG = 'thisisavery-very-very-very-longnameevenlongerthan63chars2';
const make = (kind: string, name = 'shop', group = 'volsync.backube') => ({
  ...{ apiVersion: `${group}/v1alpha1`, kind, metadata: { name } },
});
const source = (name?: string) => make('ReplicationSource', name);
const destination = (name?: string) => make('ReplicationDestination', name);

it('names what it makes as VolSync does', () => {
  expect(jobName(source(), 'restic')).toBe('volsync-src-shop');
  expect(jobName(destination(), 'rsync')).toBe('volsync-rsync-dst-shop');
  expect(serviceName(destination(), 'rsync')).toBe('volsync-rsync-dst-shop');
  expect(serviceName(destination(), 'rsyncTLS')).toBe('volsync-rsync-tls-dst-shop');
  expect(sshSecretName(destination(), 'main')).toBe('volsync-rsync-dst-main-shop');
  expect(tlsSecretName(source())).toBe('volsync-rsync-tls-shop');
  expect(captureName(source())).toBe('volsync-shop-src');
  expect(madeClaimName(destination(), 'rsync')).toBe('volsync-shop-dst');
  expect(madeClaimName(destination(), 'restic')).toBe('volsync-shop-dest');
  expect(nameImage('volsync-db-dest', '2026-11-30T08:15:00.123Z')).toBe('volsync-db-dest-20261130081500');
});

// As Scribe's documentation has them: kubectl get secret -n dest scribe-rsync-dest-src-database-destination.
it('names what it makes for Scribe’s resources as Scribe did', () => {
  const theirs = make('ReplicationDestination', 'database-destination', 'scribe.backube');
  const own = make('ReplicationSource', 'database-source', 'scribe.backube');
  expect(sshSecretName(theirs, 'src')).toBe('scribe-rsync-dest-src-database-destination');
  expect(serviceName(theirs, 'rsync')).toBe('scribe-rsync-dest-database-destination');
  expect(jobName(theirs, 'rsync')).toBe('scribe-rsync-dest-database-destination');
  expect(jobName(own, 'restic')).toBe('scribe-restic-src-database-source');
  expect(captureName(own)).toBe('scribe-src-database-source');
  const claim = madeClaimName(theirs, 'rsync');
  expect(nameImage(claim, '2020-12-03T17:45:04Z')).toBe('scribe-dest-database-destination-20201203174504');
});

it.each([
  [LONG, 'b167acba'],
  [`source-${LONG}`, '26a7661e'],
  [`restore-${LONG}`, 'cae76a6c'],
])('shortens what is too long for a label as VolSync does: %s', (name, hash) => {
  expect(serviceName(destination(name), 'rsync')).toBe(`volsync-rsync-dst-${hash}`);
});

it('leaves a name of 63 characters as it is', () => {
  const name = 'n'.repeat(63 - 'volsync-rsync-dst-'.length);
  expect(shorten('volsync-rsync-dst-', name)).toHaveLength(63);
  expect(shorten('volsync-rsync-dst-', `${name}n`)).toHaveLength('volsync-rsync-dst-'.length + 8);
});
