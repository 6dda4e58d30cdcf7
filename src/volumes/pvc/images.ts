/** The images of a ReplicationDestination: who else has one stays with it. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import type { VolumeSnapshot } from '../../hosts/cluster/objects';
import { referToSnapshot } from './snapshots';
import { DO_NOT_DELETE, release } from './style';

/** People have said that they keep it, or something else of theirs has it too. Pure. */
export function isKeptByOthers(
  { metadata: { labels = {}, ownerReferences = [] } }: VolumeSnapshot,
  ownerUid: string,
): boolean {
  return labels[DO_NOT_DELETE] !== undefined || ownerReferences.some(({ uid }) => uid !== ownerUid);
}

/** Lets go of an image that its resource does not name any more: it goes, but for one that others keep. Idempotent. */
export async function retireImage(
  api: ClusterApi,
  { namespace, name }: { namespace: string; name: string },
  ownerUid: string,
): Promise<void> {
  const reference = referToSnapshot(namespace, name);
  const snapshot = await api.read<VolumeSnapshot>(reference);
  if (!snapshot?.metadata.ownerReferences?.some(({ uid }) => uid === ownerUid)) return;
  if (isKeptByOthers(snapshot, ownerUid)) await api.patch(reference, release(snapshot, ownerUid));
  else await api.remove(reference, snapshot.metadata.uid);
}
