/** Which relationship serves a resource of VolSync: its own, or that of the source which a destination is joined with. */
import type { RelationshipStatus } from '../../model/status';
import { findStatus, isOwnedBy, type ReconcileContext } from '../reconcile';
import type { Applied } from './context';
import type { Prepared } from './facts';
import { giveTarget, isMutual, jointName, partnerOf } from './joint';
import { methodsIn, ownerOf, type VolSyncResource, volsyncRelationshipName } from './resource';
import { claimOf } from './translate';

/** Its claim becomes the target of the source that it is joined with; a relationship of its own ends. */
export async function giveClaim(
  { relationships, options: { cluster } }: ReconcileContext,
  resource: VolSyncResource,
  { facts }: Prepared,
  joint: RelationshipStatus,
): Promise<RelationshipStatus | undefined> {
  const [method] = methodsIn(resource);
  // What the spec says is turned round there, and can't be changed until that is over.
  if (!method || joint.direction !== 'forward') return joint;
  const document = giveTarget(joint, claimOf(cluster, resource, method, facts));
  if (!document) return joint;
  const own = volsyncRelationshipName(cluster, resource);
  const former = await findStatus(relationships, own);
  if (former && isOwnedBy(cluster, ownerOf(resource), former)) await relationships.retire(own);
  await relationships.apply(document);
  return await findStatus(relationships, joint.name);
}

/** The relationship that serves a resource: its own, or that of the source which a destination is joined with. */
export async function findServing(
  { relationships, options: { cluster } }: ReconcileContext,
  resource: VolSyncResource,
): Promise<Pick<Applied, 'name' | 'isShared' | 'found'>> {
  const partner = partnerOf(resource);
  if (resource.kind === 'ReplicationDestination' && partner !== undefined) {
    const name = jointName(resource, partner);
    const found = await findStatus(relationships, name);
    if (isMutual(cluster, resource, partner, found)) return { name, isShared: true, found };
  }
  const name = volsyncRelationshipName(cluster, resource);
  return { name, found: await findStatus(relationships, name) };
}
