/** What this agent has made for a relationship: found by labels, and nothing else. */
import {
  CORE,
  type PersistentVolumeClaim,
  SNAPSHOTS,
  type VolumeSnapshot,
} from '../../hosts/cluster/objects';
import type { Selection } from '../../hosts/cluster/contract';
import { removeClaim } from './copies';
import { labelsOf, type ObjectRole } from './names';
import type { Place } from './place';
import type { MoverPods } from './pods';

function select(
  { cluster, namespace, volume }: Place,
  role: ObjectRole,
  relationship: string,
): Pick<Selection, 'namespace' | 'labels'> {
  return { namespace, labels: labelsOf({ agent: cluster.name, role, volume: volume.path, relationship }) };
}

/** Claims of a role that a volume's relationship has. */
export async function listClaimsOf(
  place: Place,
  role: ObjectRole,
  relationship: string,
): Promise<PersistentVolumeClaim[]> {
  const selected = select(place, role, relationship);
  return await place.cluster.api.list({ apiVersion: CORE, kind: 'PersistentVolumeClaim', ...selected });
}

/** Snapshots of a role that a volume's relationship has, ready or not. */
export async function listSnapshotsOf(
  place: Place,
  role: ObjectRole,
  relationship: string,
): Promise<VolumeSnapshot[]> {
  const selected = select(place, role, relationship);
  return await place.cluster.api.list({ apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot', ...selected });
}

/** Ends the movers' pod of a claim, and removes the claim, which would stay for as long as the pod uses it. */
export async function discardClaim(
  pods: MoverPods,
  place: Pick<Place, 'cluster' | 'namespace'>,
  claim: PersistentVolumeClaim,
): Promise<void> {
  await pods.end(place.namespace, claim.metadata.name);
  await removeClaim(place, claim);
}
