import { checkDocument } from '../../model/parse-spec';
import type { VolSyncResource } from './resource';
import { documentOf, hoursOf, retainOf } from './translate';

const make = (
  kind: VolSyncResource['kind'],
  spec: VolSyncResource['spec'],
  name = 'db',
): VolSyncResource => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind, ...(spec && { spec }) },
  metadata: { name, namespace: 'shop', uid: 'u', generation: 3, labels: { tier: 'gold' } },
});
const source = (spec: object) => make('ReplicationSource', { sourcePVC: 'mysql', ...spec });
const destination = (spec: object) => make('ReplicationDestination', spec);
const FACTS = { mayBeRoot: false, repository: 'rest:http://u:p@store:8000/x', keys: 'keys' };

interface Translated {
  metadata: { name: string };
  spec: { source: object; targets: [object]; trigger?: object; mover?: object; guards: object };
}
const translate = (resource: VolSyncResource, facts: object = {}) =>
  documentOf('east', resource, { ...FACTS, ...facts }) as Translated;

const RESTIC = { repository: 'secret', copyMethod: 'Snapshot' };

test.each<[string, VolSyncResource, object]>([
  ['a source by restic', source({ restic: RESTIC }), {}],
  [
    'a destination by restic',
    destination({ restic: { ...RESTIC, capacity: '1Gi', accessModes: ['ReadWriteOnce'] } }),
    {},
  ],
  [
    'a source by rclone, to all of a bucket',
    source({
      rclone: { copyMethod: 'Clone', rcloneConfig: 'a', rcloneConfigSection: 's3', rcloneDestPath: 'bucket' },
    }),
    {},
  ],
  [
    'a source by rsync',
    source({ rsync: { copyMethod: 'Snapshot', address: 'fd00::1', sshKeys: 'keys' } }),
    {},
  ],
  [
    'a source by rsyncTLS',
    source({ rsyncTLS: { copyMethod: 'Snapshot', address: 'fd00::1', port: 9000, keySecret: 'keys' } }),
    {},
  ],
  [
    'a destination by rsyncTLS',
    destination({ rsyncTLS: { copyMethod: 'Snapshot', capacity: '1Gi', accessModes: ['ReadWriteOnce'] } }),
    { door: { service: 'volsync-rsync-tls-dst-db', port: 8000 } },
  ],
])('%s is a spec that is accepted', (_, resource, facts) => {
  const { problems } = checkDocument(translate(resource, facts));
  expect(problems).toEqual([]);
});

test('what of a repository’s URL is a secret is in no document', () => {
  const text = JSON.stringify(translate(source({ restic: RESTIC })));
  expect(text).toContain('rest:http://store:8000/x');
  expect(text).not.toContain('u:p');
});

test('it is named as its resource, and each kind apart', () => {
  expect(translate(source({ restic: RESTIC })).metadata.name).toBe('east.shop.db.source');
  expect(translate(destination({ restic: RESTIC })).metadata.name).toBe('east.shop.db.destination');
  const long = make('ReplicationSource', { sourcePVC: 'x', restic: RESTIC }, 'n'.repeat(253));
  expect(translate(long).metadata.name.length).toBeLessThanOrEqual(63);
});

test('without rules for what is kept, one snapshot is', () => {
  expect(retainOf({})).toEqual({ last: 1 });
  expect(retainOf({ retain: {} })).toEqual({ last: 1 });
  expect(retainOf({ retain: { hourly: 6, last: '2', within: '1y2m3d5h' } })).toEqual({
    ...{ hourly: 6, last: 2 },
    within: `${365 * 24 + 60 * 24 + 3 * 24 + 5}h`,
  });
  expect(hoursOf('3 weeks')).toBeUndefined();
});

test('as whom movers run follows their security context, and root only where that is allowed', () => {
  const asUser = { ...RESTIC, moverSecurityContext: { runAsUser: 1000, fsGroup: 2000 } };
  expect(translate(source({ restic: asUser })).spec.source).toMatchObject({ runAs: '1000:2000' });
  expect(translate(source({ restic: RESTIC })).spec.source).toMatchObject({ runAs: '65534:65534' });
  const asRoot = translate(source({ restic: asUser }), { mayBeRoot: true }).spec.source;
  expect(asRoot).not.toHaveProperty('runAs');
});

test('a restore keeps what is there besides, unless it is told to delete', () => {
  const keeping = translate(destination({ restic: RESTIC })).spec;
  expect(keeping.mover).toEqual({ rsync: { keepExtra: true } });
  const deleting = translate(destination({ restic: { ...RESTIC, enableFileDeletion: true } })).spec;
  expect(deleting).not.toHaveProperty('mover');
});

test('a tag goes before a schedule, and None is Direct', () => {
  const both = { trigger: { manual: 'a', schedule: '@hourly' }, restic: RESTIC };
  expect(translate(source(both)).spec).not.toHaveProperty('trigger');
  const hourly = { trigger: { schedule: '@hourly' }, restic: { ...RESTIC, copyMethod: 'None' } };
  const { spec } = translate(source(hourly));
  expect(spec.trigger).toEqual({ schedule: '0 * * * *' });
  expect(spec.source).toMatchObject({
    copyMethod: 'Direct',
    madeFor: expect.stringMatching(/Source\/db$/) as string,
  });
});

test('a destination that listens is a door with its Service', () => {
  const resource = destination({ rsync: { copyMethod: 'Snapshot', destinationPVC: 'mine' } });
  const { spec } = translate(resource, { door: { service: 'volsync-rsync-dst-db', port: 22 } });
  expect(spec.source).toEqual({
    ...{ host: 'east', peer: 'ssh://volsync-rsync-dst-db:22', credentials: 'keys', signal: 'volsync' },
  });
  expect(spec.targets[0]).toMatchObject({ pvc: 'shop/mine' });
});
