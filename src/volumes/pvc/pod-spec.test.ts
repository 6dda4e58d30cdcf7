import { makeMoverJob, type MoverPod, parseRunAs } from './pod-spec';

const settings = {
  ...{ image: 'registry.example.net/mover:1', expose: 'PodIP' as const, limitMs: 1000 },
  template: {
    ...{ priorityClassName: 'low', labels: { team: 'storage' } },
    ...{ tolerations: [{ key: 'backup', operator: 'Exists' }], resources: { limits: { memory: '1Gi' } } },
    affinity: {
      podAffinity: { x: 1 },
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] },
    },
  },
};
const wanted: MoverPod = {
  ...{ name: 'tidemark-mover-1', namespace: 'shop', labels: { 'tidemark.dev/role': 'mover' } },
  ...{ annotations: {}, claimName: 'mysql', mode: 'Filesystem', readOnly: false },
};

interface PodSpec {
  [key: string]: unknown;
  containers: [Record<string, unknown> & { securityContext: Record<string, unknown> }];
}
const podOf = (pod: MoverPod) =>
  (makeMoverJob(pod, settings).spec as { template: { spec: PodSpec } }).template.spec;

it('has no credentials of the cluster, and is not started again behind the agent', () => {
  const { automountServiceAccountToken, restartPolicy } = podOf(wanted);
  expect({ automountServiceAccountToken, restartPolicy }).toEqual({
    automountServiceAccountToken: false,
    restartPolicy: 'Never',
  });
  expect(makeMoverJob(wanted, settings).spec).toMatchObject({ backoffLimit: 0 });
});

it('satisfies the restricted level of Pod Security where the spec says as whom it runs', () => {
  const pod = podOf({ ...wanted, runAs: '1000:2000' });
  expect(pod['securityContext']).toMatchObject({
    ...{ runAsNonRoot: true, runAsUser: 1000, runAsGroup: 2000, fsGroup: 2000 },
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(pod.containers[0].securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(pod.containers[0].securityContext['capabilities']).not.toHaveProperty('add');
});

it('changes no owner of what it only reads', () => {
  expect(podOf({ ...wanted, runAs: '1000', readOnly: true })['securityContext']).not.toHaveProperty(
    'fsGroup',
  );
});

it('goes to the node that has the volume, by what else decides too', () => {
  const { affinity } = podOf({ ...wanted, nodeName: 'node-2' });
  expect(affinity).toMatchObject({
    podAffinity: { x: 1 },
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [],
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }] }],
      },
    },
  });
});

it('takes from the template what an operator may say, and lets it take nothing away', () => {
  const { metadata } = makeMoverJob({ ...wanted, labels: { team: 'ours' } }, settings);
  expect(metadata.labels).toEqual({ team: 'ours' });
  const pod = podOf(wanted);
  expect(pod).toMatchObject({
    priorityClassName: 'low',
    tolerations: [{ key: 'backup', operator: 'Exists' }],
  });
  expect(pod.containers[0]).toMatchObject({ resources: { limits: { memory: '1Gi' } } });
});

it('mounts a folder, or hands in a device', () => {
  expect(podOf(wanted).containers[0]['volumeMounts']).toContainEqual({
    ...{ name: 'volume', mountPath: '/data', readOnly: false },
  });
  const block = podOf({ ...wanted, mode: 'Block', from: 'copy' }).containers[0];
  expect(block['volumeDevices']).toEqual([
    { name: 'volume', devicePath: '/dev/volume' },
    { name: 'point', devicePath: '/dev/point' },
  ]);
});

it('takes the user for the group where none is named', () => {
  expect(parseRunAs('1000')).toEqual({ user: 1000, group: 1000 });
  expect(parseRunAs('1000:2000')).toEqual({ user: 1000, group: 2000 });
});
