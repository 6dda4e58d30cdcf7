import { release, styleOf } from './style';

const make = (spec: object, kind = 'ReplicationSource', name = 'db') =>
  styleOf({ apiVersion: 'volsync.backube/v1alpha1', kind, metadata: { name, uid: 'u' }, spec }, undefined);

test('movers are as their resource says', () => {
  const { pod, mayBeRoot, labels } = make({
    restic: {
      moverSecurityContext: { runAsUser: 1000 },
      moverPodLabels: { team: 'db' },
      moverServiceAccount: 'backup',
      moverVolumes: [{ mountPath: 'nfs', volumeSource: { nfs: { server: 's', path: '/p' } } }],
      customCA: { secretName: 'ca', key: 'ca.crt' },
    },
  });
  expect(mayBeRoot).toBe(false);
  expect(labels).toEqual({ 'app.kubernetes.io/created-by': 'volsync' });
  expect(pod).toMatchObject({
    labels: { team: 'db', 'app.kubernetes.io/created-by': 'volsync' },
    securityContext: { runAsUser: 1000 },
    spec: { serviceAccountName: 'backup' },
    env: [{ name: 'RESTIC_CACERT', value: '/customCA/ca.crt' }],
    volumeMounts: [{ mountPath: '/mnt/nfs' }, { mountPath: '/customCA', readOnly: true }],
  });
});

test('the image that a status names is known', () => {
  const status = (kind: string) => ({ latestImage: { kind, name: 'image' } });
  const resource = { apiVersion: 'v', kind: 'ReplicationDestination', metadata: { name: 'db' } };
  expect(styleOf({ ...resource, status: status('VolumeSnapshot') }, {}).image).toBe('image');
  expect(styleOf({ ...resource, status: status('PersistentVolumeClaim') }, {}).image).toBeUndefined();
});

test('root is for rsync by SSH, and for namespaces that allow it', () => {
  expect(make({ rsync: {} }).mayBeRoot).toBe(true);
  const resource = {
    apiVersion: 'v',
    kind: 'ReplicationSource',
    metadata: { name: 'db' },
    spec: { restic: {} },
  };
  expect(styleOf(resource, { 'volsync.backube/privileged-movers': 'true' }).mayBeRoot).toBe(true);
});

test('what is released is nobody’s but its other owners', () => {
  const owner = { apiVersion: 'v', kind: 'K', name: 'n', uid: 'other' };
  const change = release(
    {
      ...{ apiVersion: 'v', kind: 'VolumeSnapshot' },
      metadata: {
        name: 's',
        labels: { 'tidemark.dev/role': 'point', 'app.kubernetes.io/created-by': 'volsync', team: 'db' },
        annotations: { 'tidemark.dev/point': '{}' },
        ownerReferences: [{ ...owner, uid: 'u' }, owner],
      },
    },
    'u',
  );
  expect(change).toEqual({
    metadata: {
      labels: { 'tidemark.dev/role': null, 'app.kubernetes.io/created-by': null },
      annotations: { 'tidemark.dev/point': null },
      ownerReferences: [owner],
    },
  });
});
