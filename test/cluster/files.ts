/**
 * Where this machine sees the files of volumes and snapshots, of classes that keep them as such: without a pod. A folder is
 * there until its volume or snapshot is gone.
 */
import type { Cluster } from './cluster';
import { DRIVER } from './storage';

const SNAPSHOTS = '/apis/snapshot.storage.k8s.io/v1';

interface Claim {
  spec: { volumeName?: string };
}
interface Volume {
  spec: { csi?: { driver: string; volumeHandle: string } };
}
interface Snapshot {
  status?: { boundVolumeSnapshotContentName?: string };
}
interface Content {
  status?: { snapshotHandle?: string };
}

const split = (path: string) => path.split('/') as [namespace: string, name: string];

/** @param claim `namespace/name` @throws Error ENOENT where it has no volume */
export async function filesOfClaim(cluster: Cluster, claim: string): Promise<string> {
  const [namespace, name] = split(claim);
  const found = await cluster.api.get<Claim>(
    `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`,
  );
  const { volumeName } = found?.spec ?? {};
  const volume = volumeName && (await cluster.api.get<Volume>(`/api/v1/persistentvolumes/${volumeName}`));
  if (!volume || !volume.spec.csi) throw new Error(`ENOENT: there is no volume of a claim ${claim}`);
  return cluster.inPool(volume.spec.csi.driver, 'v', volume.spec.csi.volumeHandle, 'fs');
}

/** @param snapshot `namespace/name` of a VolumeSnapshot @throws Error ENOENT where it was not taken */
export async function filesOfSnapshot(cluster: Cluster, snapshot: string): Promise<string> {
  const [namespace, name] = split(snapshot);
  const found = await cluster.api.get<Snapshot>(
    `${SNAPSHOTS}/namespaces/${namespace}/volumesnapshots/${name}`,
  );
  const contentName = found?.status?.boundVolumeSnapshotContentName;
  const content =
    contentName && (await cluster.api.get<Content>(`${SNAPSHOTS}/volumesnapshotcontents/${contentName}`));
  if (!content || content.status?.snapshotHandle === undefined)
    throw new Error(`ENOENT: snapshot ${snapshot} was not taken`);
  return cluster.inPool(DRIVER, 's', content.status.snapshotHandle, 'fs');
}
