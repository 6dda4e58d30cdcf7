/** How what is made for a resource of VolSync says whose it is. Pure. */
import type { ClusterObject, OwnerReference } from '../../hosts/cluster/objects';

/** Of everything that is made: by this label people find it. */
export const CREATED_BY = { 'app.kubernetes.io/created-by': 'volsync' } as const;

/** It goes with the resource, which alone may change it. */
export function ownedBy({
  apiVersion,
  kind,
  metadata: { name, uid = '' },
}: ClusterObject): OwnerReference & { controller: true } {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
