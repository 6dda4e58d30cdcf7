/**
 * Room for what is read of a store, in a cluster: claims of the agent's own, beside the one that it is read for. What a
 * relationship reads again and again is kept, so that the next time only what is new is fetched.
 */
import type { Cluster } from '../../hosts/cluster/contract';
import { CORE, type PersistentVolumeClaim } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import type { Reach } from '../../movers/reach';
import { makeError, type Subject } from '../shared/tools';
import { capacityOf, makeClaim } from './copies';
import { freshName, labelsOf } from './names';
import { discardClaim } from './own-objects';
import type { Place } from './place';
import { podsOf } from './pods';
import { quantityToBytes } from './quantity';
import { reachClaim } from './reach';
import { placeNear } from './tools';

/** Whose room it is. */
export interface RoomOf {
  relationship: string;
  /** What is in it: of one relationship, each such word has a room of its own. */
  what: string;
}

/** How much is to fit. */
export interface RoomFor {
  bytes: number;
  entries: number;
}

/** A filesystem takes so much for itself; and so much for each file, of which ext4 has as many as it has 16 KiB. */
const roomFor = ({ bytes, entries }: RoomFor): number =>
  Math.ceil(1.15 * bytes) + entries * 16 * 1024 + 256 * 1024 ** 2;

async function listRooms(
  { api, namespaces }: Cluster,
  labels: Parameters<typeof labelsOf>[0],
  namespace?: string,
): Promise<PersistentVolumeClaim[]> {
  const places = namespace === undefined ? (namespaces ?? [undefined]) : [namespace];
  const found = await Promise.all(
    places.map((each) =>
      api.list<PersistentVolumeClaim>({
        ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim', labels: labelsOf(labels) },
        ...(each !== undefined && { namespace: each }),
      }),
    ),
  );
  return found.flat().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

const discard = (cluster: Cluster, claim: PersistentVolumeClaim): Promise<void> =>
  discardClaim(podsOf(cluster), { cluster, namespace: claim.metadata.namespace ?? '' }, claim);

const labelsFor = (place: Place, role: 'room' | 'reading', { relationship, what }: RoomOf) =>
  ({ agent: place.cluster.name, role, volume: what, relationship }) as const;

async function makeRoom(
  place: Place,
  role: 'room' | 'reading',
  of: RoomOf,
  size: RoomFor,
): Promise<PersistentVolumeClaim> {
  const { pvc, volume } = place;
  const storageClass = volume.options?.storageClass ?? pvc?.spec.storageClassName;
  const name = freshName(role, of.relationship, of.what);
  return await makeClaim(place, {
    ...{ name, labels: labelsOf(labelsFor(place, role, of)), accessModes: ['ReadWriteOnce'] },
    ...{ atLeast: [String(roomFor(size))], mode: 'Filesystem' },
    ...(storageClass !== undefined && { storageClass }),
  });
}

const reachRoom = (place: Place, pvc: PersistentVolumeClaim, { relationship }: RoomOf): Promise<Reach> =>
  reachClaim(podsOf(place.cluster), {
    place: { ...place, pvc },
    ...{ claimName: pvc.metadata.name, readOnly: false, relationship },
  });

/**
 * The room that a relationship keeps. One that is too small is given up for a larger one: whatever is in it can be had again.
 * @param size left out: the one that is there
 * @throws TidemarkError `VolumeMissing` where that is gone
 */
export async function openKeptRoom(subject: Subject, of: RoomOf, size?: RoomFor): Promise<Reach> {
  const place = await placeNear(subject);
  const { cluster, namespace } = place;
  const rooms = await listRooms(cluster, labelsFor(place, 'room', of), namespace);
  const isLarge = (claim: PersistentVolumeClaim) =>
    size === undefined || quantityToBytes(capacityOf(claim) ?? '0') >= roomFor(size);
  const fitting = rooms.find(isLarge);
  if (!fitting && !size) {
    throw makeError(subject, 'VolumeMissing', 'the claim with what was read of it is gone', {
      hint: 'the next sync reads it again',
    });
  }
  for (const room of rooms) if (room !== fitting) await discard(cluster, room);
  return await reachRoom(place, fitting ?? (await makeRoom(place, 'room', of, size as RoomFor)), of);
}

/** Room for one use, which goes when it is let go of. */
export async function openReadingRoom(subject: Subject, of: RoomOf, size: RoomFor): Promise<Reach> {
  await leaveReadingRoom(subject, of);
  const place = await placeNear(subject);
  const claim = await makeRoom(place, 'reading', of, size);
  const end = () => discard(place.cluster, claim);
  try {
    const reach = await reachRoom(place, claim, of);
    return { ...reach, close: () => reach.close().finally(end) };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Removes what a use has left, whose agent was killed. */
export async function leaveReadingRoom(subject: Subject, of: RoomOf): Promise<void> {
  const place = await placeNear(subject);
  const { cluster, namespace } = place;
  for (const claim of await listRooms(cluster, labelsFor(place, 'reading', of), namespace))
    await discard(cluster, claim);
}

/** The agent starts: what its former life has read nobody reads any more. */
export async function sweepReadingRooms(cluster: Cluster): Promise<void> {
  const found = await listRooms(cluster, { agent: cluster.name, role: 'reading' });
  for (const claim of found) await discard(cluster, claim);
}

/** The relationship is deleted. */
export async function forgetRooms({ cluster }: Host, relationship: string): Promise<void> {
  if (!cluster) return;
  const found = await listRooms(cluster, { agent: cluster.name, role: 'room', relationship });
  for (const claim of found) await discard(cluster, claim);
}
