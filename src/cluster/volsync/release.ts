/** What stays of a resource of VolSync that is deleted: images that people have said they keep, and a claim that has taken over. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import {
  CORE,
  type PersistentVolumeClaim,
  SNAPSHOTS,
  type VolumeSnapshot,
} from '../../hosts/cluster/objects';
import { DO_NOT_DELETE, releaseOf } from '../../volumes/pvc';
import { CREATED_BY } from './owned';
import { destinationClaim, methodsIn, type VolSyncResource } from './resource';

/** Its owner goes: what is to stay must not be its any more. Idempotent. */
export async function releaseKept(api: ClusterApi, { metadata }: VolSyncResource): Promise<void> {
  const { namespace = '', uid = '' } = metadata;
  const snapshots = await api.list<VolumeSnapshot>({
    ...{ apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot', namespace, labels: CREATED_BY },
  });
  for (const snapshot of snapshots) {
    const { labels = {}, ownerReferences = [] } = snapshot.metadata;
    const isOurs = ownerReferences.some((each) => each.uid === uid);
    if (isOurs && labels[DO_NOT_DELETE] !== undefined) await api.patch(snapshot, releaseOf(snapshot, uid));
  }
}

/**
 * The claim that was made for it holds what people write by now: it is theirs. What is known of it as a replica stays with it.
 * Idempotent.
 */
export async function releaseClaim(api: ClusterApi, resource: VolSyncResource): Promise<void> {
  const { namespace = '', uid = '' } = resource.metadata;
  const [method] = methodsIn(resource);
  if (!method) return;
  const claim = await api.read<PersistentVolumeClaim>({
    ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim' },
    metadata: { namespace, name: destinationClaim(resource, method) },
  });
  const owners = claim?.metadata.ownerReferences ?? [];
  const ownerReferences = owners.filter((each) => each.uid !== uid);
  if (claim && ownerReferences.length < owners.length)
    await api.patch(claim, { metadata: { ownerReferences } });
}
