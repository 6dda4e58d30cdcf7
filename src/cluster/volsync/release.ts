/** What stays of a resource of VolSync that is deleted: images that people have said they keep, or that they use. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import { SNAPSHOTS, type VolumeSnapshot } from '../../hosts/cluster/objects';
import { DO_NOT_DELETE, releaseOf } from '../../volumes/pvc';
import { CREATED_BY } from './owned';
import type { VolSyncResource } from './resource';

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
