/** What another operator, which served a resource before, has left of a sync that it did not come to the end of. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import {
  BATCH,
  type ClusterObject,
  CORE,
  type Job,
  type PersistentVolumeClaim,
  SNAPSHOTS,
  type VolumeSnapshot,
} from '../../hosts/cluster/objects';
import { sideOf } from '../../volumes/pvc';
import type { VolSyncResource } from './resource';

/** What is to go when a sync is over: VolSync and Scribe write the resource's uid there. */
const CLEANUP = ['volsync.backube/cleanup', 'scribe.backube/cleanup'];
const MANAGED_BY = 'app.kubernetes.io/managed-by';

/** A mover of somebody else's. Pure. */
export function isLeftMover({ metadata }: ClusterObject, uid: string): boolean {
  const { labels = {}, ownerReferences = [] } = metadata;
  return labels[MANAGED_BY] !== 'tidemark' && ownerReferences.some((owner) => owner.uid === uid);
}

/**
 * Removes them before the resource is served: a mover that goes on, or waits for somebody to push, would write to the claim beside
 * ours; copies of a source would stay as long as the resource. Idempotent.
 */
export async function removeLeftovers(api: ClusterApi, resource: VolSyncResource): Promise<void> {
  const { namespace = '', uid = '' } = resource.metadata;
  const jobs = await api.list<Job>({ apiVersion: BATCH, kind: 'Job', namespace });
  const left: ClusterObject[] = jobs.filter((job) => isLeftMover(job, uid));
  if (sideOf(resource) === 'src') {
    for (const label of CLEANUP) {
      const selection = { namespace, labels: { [label]: uid } };
      left.push(
        ...(await api.list<PersistentVolumeClaim>({
          ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim', ...selection },
        })),
        ...(await api.list<VolumeSnapshot>({ apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot', ...selection })),
      );
    }
  }
  for (const { apiVersion, kind, metadata } of left)
    await api.remove({ apiVersion, kind, metadata: { namespace, name: metadata.name } }, metadata.uid);
}
