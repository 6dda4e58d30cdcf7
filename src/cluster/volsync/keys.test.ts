import { utils } from 'ssh2';
import type { ClusterApi } from '../../hosts/cluster/contract';
import type { ClusterObject, ObjectReference, Secret } from '../../hosts/cluster/objects';
import { fieldsOf, objectToFields } from './secrets';
import { ensureSshKeys } from './ssh-keys';
import { ensureTlsKey } from './tls-keys';

/** A cluster that keeps what is made, by its name. */
function makeCluster(...there: Secret[]) {
  const kept = new Map(there.map((secret) => [secret.metadata.name, secret]));
  const api = {
    read: ({ metadata }: ObjectReference) => Promise.resolve(kept.get(metadata.name)),
    create: (made: Secret) => {
      if (!kept.has(made.metadata.name)) kept.set(made.metadata.name, made);
      return Promise.resolve(kept.get(made.metadata.name));
    },
    patch: ({ metadata }: ObjectReference, change: { metadata: Secret['metadata'] }) => {
      const secret = kept.get(metadata.name) as Secret;
      kept.set(metadata.name, { ...secret, metadata: { ...secret.metadata, ...change.metadata } });
      return Promise.resolve();
    },
  } as unknown as ClusterApi;
  const secret = (name: string) => kept.get(name) as Secret;
  return { name: 'east', api, kept, secret, fields: (name: string) => fieldsOf(secret(name)) };
}

const resource = (kind = 'ReplicationDestination'): ClusterObject => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind },
  metadata: { name: 'shop', namespace: 'east', uid: `uid-of-${kind}` },
});

const makeGiven = (name: string, fields: Record<string, string>): Secret => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'east' } },
  data: Object.fromEntries(
    Object.entries(fields).map(([field, text]) => [field, Buffer.from(text).toString('base64')]),
  ),
});

it('makes three Secrets, gives each side its own, and publishes the one for the other side', async () => {
  const cluster = makeCluster();
  await expect(ensureSshKeys(cluster, resource())).resolves.toEqual({
    credentials: 'volsync-rsync-dst-dest-shop',
    published: 'volsync-rsync-dst-src-shop',
  });
  const main = cluster.fields('volsync-rsync-dst-main-shop');
  expect(Object.keys(main).sort()).toEqual(['destination', 'destination.pub', 'source', 'source.pub']);
  const { source: _source, ...destination } = main;
  expect(cluster.fields('volsync-rsync-dst-dest-shop')).toEqual(destination);
  const { destination: _destination, ...source } = main;
  expect(cluster.fields('volsync-rsync-dst-src-shop')).toEqual(source);
  for (const key of Object.values(main)) expect(utils.parseKey(key)).not.toBeInstanceOf(Error);
  expect(cluster.secret('volsync-rsync-dst-src-shop').metadata).toMatchObject({
    labels: { 'app.kubernetes.io/created-by': 'volsync' },
    ownerReferences: [
      { kind: 'ReplicationDestination', name: 'shop', controller: true, blockOwnerDeletion: true },
    ],
  });
});

it('goes by the mirror of these for a source', async () => {
  const cluster = makeCluster();
  await expect(ensureSshKeys(cluster, resource('ReplicationSource'))).resolves.toEqual({
    credentials: 'volsync-rsync-src-src-shop',
    published: 'volsync-rsync-src-dest-shop',
  });
});

it('never replaces keys that are there, and makes again what was removed of them', async () => {
  const cluster = makeCluster();
  await ensureSshKeys(cluster, resource());
  const main = cluster.fields('volsync-rsync-dst-main-shop');
  cluster.kept.delete('volsync-rsync-dst-src-shop');
  await ensureSshKeys(cluster, resource());
  expect(cluster.fields('volsync-rsync-dst-main-shop')).toEqual(main);
  expect(cluster.fields('volsync-rsync-dst-src-shop').source).toBe(main.source);
});

it('says of a given Secret which field it lacks, and makes none beside it', async () => {
  const given = { destination: 'k', 'destination.pub': 'p', 'source.pub': 's' };
  const cluster = makeCluster(
    makeGiven('whole', given),
    makeGiven('other', { ...given, 'source.pub': '', extra: '' }),
    makeGiven('few', { destination: 'k' }),
    makeGiven('wrong', { destination: 'k', 'destination.pub': 'p', source: 's' }),
  );
  await expect(ensureSshKeys(cluster, resource(), 'whole')).resolves.toEqual({ credentials: 'whole' });
  const tell = (name: string) => ensureSshKeys(cluster, resource(), name);
  await expect(tell('few')).rejects.toThrow(
    'secret should have fields: [destination destination.pub source.pub]',
  );
  await expect(tell('wrong')).rejects.toThrow('secret is missing field: source.pub');
  await expect(tell('none')).rejects.toThrow('secrets "none" not found');
  expect(cluster.kept.size).toBe(4);
});

it('makes one shared key, as VolSync writes it, which goes with the last of both resources', async () => {
  const cluster = makeCluster();
  const keys = { credentials: 'volsync-rsync-tls-shop', published: 'volsync-rsync-tls-shop' };
  await expect(ensureTlsKey(cluster, resource())).resolves.toEqual(keys);
  const key = cluster.fields('volsync-rsync-tls-shop');
  expect(key['psk.txt']).toMatch(/^volsync:[0-9a-f]{128}\n$/);
  await expect(ensureTlsKey(cluster, resource('ReplicationSource'))).resolves.toEqual(keys);
  expect(cluster.fields('volsync-rsync-tls-shop')).toEqual(key);
  expect(cluster.secret('volsync-rsync-tls-shop').metadata.ownerReferences).toMatchObject([
    { kind: 'ReplicationDestination', controller: true },
    { kind: 'ReplicationSource', controller: false },
  ]);
});

it('says what is missing of a Secret without any field', () => {
  expect(objectToFields({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } }, ['psk.txt'])).toBe(
    'secret should have fields: [psk.txt]',
  );
});
