/** A recovery point as it can be read: a claim made of its snapshot, for as long as somebody reads it. */
import type { PersistentVolumeClaim, VolumeSnapshot } from '../../hosts/cluster/objects';
import { makeFrozen, nameFrozen, removeFrozen } from './capture';
import { likeOf, makeClaim } from './copies';
import { freshName, labelsOf, type ObjectRole } from './names';
import { discardClaim } from './own-objects';
import type { Place, ReadyPlace } from './place';
import { findRecord } from './points';
import type { MoverPods } from './pods';
import { findSnapshotClass, fromSnapshot } from './snapshots';

/** Names of those that this process has made and that are read: whatever else is there, a killed agent has left. */
const inUse = new Set<string>();

/** The live claim where the point keeps no other, which is not to be removed. */
export interface PointCopy {
  claimName: string;
  close: () => Promise<void>;
}

/** @throws TidemarkError `PointMissing` where there is no such point */
export async function openPoint(
  pods: MoverPods,
  place: ReadyPlace,
  relationship: string,
  pointId: string,
): Promise<PointCopy> {
  const { snapshot } = await findRecord(place, relationship, pointId);
  if (!snapshot) return { claimName: place.name, close: () => Promise.resolve() };
  const name = freshName('reader', place.volume.path, pointId);
  inUse.add(name);
  try {
    const claim = await makeClaimOf(place, snapshot, name, 'reader', relationship);
    return {
      claimName: name,
      async close() {
        await discardClaim(pods, place, claim);
        inUse.delete(name);
      },
    };
  } catch (error) {
    inUse.delete(name);
    throw error;
  }
}

/** A claim like the volume's own, with what a snapshot of it holds. */
export async function makeClaimOf(
  place: ReadyPlace,
  { metadata, status }: VolumeSnapshot,
  name: string,
  role: ObjectRole,
  relationship: string,
  labels: Record<string, string> = {},
): Promise<PersistentVolumeClaim> {
  const like = likeOf(place);
  const own = labelsOf({ agent: place.cluster.name, role, volume: place.volume.path, relationship });
  return await makeClaim(place, {
    ...like,
    ...{ name, labels: { ...own, ...labels }, dataSource: fromSnapshot(metadata.name) },
    atLeast: [...like.atLeast, status?.restoreSize],
  });
}

/** What a live volume holds now, in a copy: for whoever compares one that a pod has to itself. Kept until `leaveReaders`. */
export async function freezeToRead(
  place: ReadyPlace,
  use: { relationship: string; syncId: string },
): Promise<string> {
  inUse.add(nameFrozen(place, 'reader', use));
  const method = 'whyNot' in (await findSnapshotClass(place)) ? 'Clone' : 'Snapshot';
  return await makeFrozen(place, 'reader', { ...use, method, signal: undefined });
}

/** Removes the copy that a use has read, and what a killed agent has left of reading. */
export async function leaveReaders(
  pods: MoverPods,
  place: Place,
  { relationship, syncId }: { relationship: string; syncId?: string },
): Promise<void> {
  if (syncId !== undefined) inUse.delete(nameFrozen(place, 'reader', { relationship, syncId }));
  await removeFrozen(pods, place, { role: 'reader', relationship }, ({ name }) => !inUse.has(name));
}
