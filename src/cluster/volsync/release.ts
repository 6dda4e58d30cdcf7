/** What stays of a resource of VolSync that is deleted: images that people have said they keep, and a claim that has taken over. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import {
  type ClusterObject,
  CORE,
  type PersistentVolumeClaim,
  SNAPSHOTS,
  type VolumeSnapshot,
} from '../../hosts/cluster/objects';
import { DO_NOT_DELETE, releaseOf } from '../../volumes/pvc';
import { CREATED_BY } from './owned';
import { destinationClaim, methodsIn, type VolSyncResource } from './resource';

const listMade = (api: ClusterApi, namespace: string) =>
  api.list<VolumeSnapshot>({
    ...{ apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot', namespace, labels: CREATED_BY },
  });

/** Its owner goes: what is to stay must not be its any more. Idempotent. */
export async function releaseKept(api: ClusterApi, { metadata }: VolSyncResource): Promise<void> {
  const { namespace = '', uid = '' } = metadata;
  for (const snapshot of await listMade(api, namespace)) {
    const { labels = {}, ownerReferences = [] } = snapshot.metadata;
    const isOurs = ownerReferences.some((each) => each.uid === uid);
    if (isOurs && labels[DO_NOT_DELETE] !== undefined) await api.patch(snapshot, releaseOf(snapshot, uid));
  }
}

/** Its owner goes, and nothing else of it. */
async function disown(api: ClusterApi, object: ClusterObject, uid: string): Promise<void> {
  const { ownerReferences: owners = [] } = object.metadata;
  const ownerReferences = owners.filter((each) => each.uid !== uid);
  if (ownerReferences.length < owners.length) await api.patch(object, { metadata: { ownerReferences } });
}

/**
 * The claim that was made for it holds what people write by now: it is theirs. What is known of it as a replica stays with it, and so
 * do its recovery points: by these, the way home is found. Idempotent.
 */
export async function releaseTakenOver(api: ClusterApi, resource: VolSyncResource): Promise<void> {
  const { namespace = '', uid = '' } = resource.metadata;
  const [method] = methodsIn(resource);
  if (!method) return;
  const claim = await api.read<PersistentVolumeClaim>({
    ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim' },
    metadata: { namespace, name: destinationClaim(resource, method) },
  });
  const points = await listMade(api, namespace);
  for (const each of [...(claim ? [claim] : []), ...points]) await disown(api, each, uid);
}
