/** What a cluster has of storage from its start: definitions of snapshots, drivers, classes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ApiServer, KubeObject } from './api-server';
import { waitUntil } from './wait-until';
import { kubernetesFolder } from './paths';

/** Has snapshots, clones and growing volumes. */
export const DRIVER = 'csi.tidemark.test';
/** Has none of them. */
export const PLAIN_DRIVER = 'plain.tidemark.test';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const STORAGE = '/apis/storage.k8s.io/v1';
const SNAPSHOTS = '/apis/snapshot.storage.k8s.io/v1';

/**
 * How a volume of mode Filesystem is kept: as a folder without a limit, or as a file system of exactly its size. That one
 * is XFS, which grows while it is mounted; ext4 does so only for who has CAP_SYS_RESOURCE, as root in most containers
 * has not.
 */
export type Format = 'btrfs' | 'xfs';

interface Class {
  driver: string;
  format: Format;
  isLate?: boolean;
  isDefault?: boolean;
}

const CLASSES: Record<string, Class> = {
  fast: { driver: DRIVER, format: 'btrfs', isDefault: true },
  wait: { driver: DRIVER, format: 'btrfs', isLate: true },
  sized: { driver: DRIVER, format: 'xfs' },
  plain: { driver: PLAIN_DRIVER, format: 'btrfs' },
};

function makeClass([name, { driver, format, isLate, isDefault }]: [string, Class]): KubeObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      ...(isDefault && { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }),
    },
    provisioner: driver,
    parameters: { format },
    reclaimPolicy: 'Delete',
    volumeBindingMode: isLate ? 'WaitForFirstConsumer' : 'Immediate',
    allowVolumeExpansion: driver === DRIVER,
  };
}

/**
 * With several nodes a volume is attached to one before it is used there, as a disk of a cloud is. That costs a pod some
 * seconds at its start, most of which the kubelet waits before it looks again.
 */
function makeDriver(name: string, nodes: number): KubeObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name },
    spec: {
      attachRequired: nodes > 1,
      podInfoOnMount: false,
      fsGroupPolicy: 'File',
      volumeLifecycleModes: ['Persistent'],
    },
  };
}

const SNAPSHOT_CLASS: KubeObject = {
  apiVersion: 'snapshot.storage.k8s.io/v1',
  kind: 'VolumeSnapshotClass',
  metadata: { name: 'csi', annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } },
  driver: DRIVER,
  deletionPolicy: 'Delete',
};

/** Makes all of it; the snapshot controllers can start once this is over. Can be repeated. */
export async function defineStorage(api: ApiServer, nodes: number): Promise<void> {
  const folder = kubernetesFolder();
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const crds = files.map((name) => parse(readFileSync(join(folder, name), 'utf8')) as KubeObject);
  await Promise.all([
    ...crds.map((crd) => api.apply(CRDS, crd)),
    ...[DRIVER, PLAIN_DRIVER].map((name) => api.apply(`${STORAGE}/csidrivers`, makeDriver(name, nodes))),
    ...Object.entries(CLASSES).map((each) => api.apply(`${STORAGE}/storageclasses`, makeClass(each))),
  ]);
  const classes = `${SNAPSHOTS}/volumesnapshotclasses`;
  const why = () => 'the definitions of snapshots did not become established';
  await waitUntil(async () => (await api.get(classes)) !== undefined, { why });
  await api.apply(classes, SNAPSHOT_CLASS);
}
