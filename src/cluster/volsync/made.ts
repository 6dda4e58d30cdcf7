/** What is made in the cluster while a resource is synced, and what of it the cluster leaves waiting: asked for, and told in events. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import {
  type ClusterObject,
  CORE,
  type ObjectReference,
  type PersistentVolumeClaim,
  type Service,
  SNAPSHOTS,
  type VolumeSnapshot,
} from '../../hosts/cluster/objects';
import { type Method, serviceName, sideOf } from '../../volumes/pvc';
import { createdEvent, eventsOfWaiting, type MadeObjects } from './due-events';
import type { ResourceEvent } from './events';
import { CREATED_BY } from './owned';
import { type VolSyncResource, type VolSyncStatus } from './resource';

/** What is older was told before. */
const NEW_MS = 60_000;
/** A sync makes what it needs at its begin; what waits after that waits long. */
const SOON_MS = 4_000;
const LATER_MS = 30_000;

const referTo = (apiVersion: string, kind: string, namespace: string, name: string): ObjectReference => ({
  ...{ apiVersion, kind, metadata: { namespace, name } },
});

/** What an object was made of, as it says itself. */
function originOf(resource: VolSyncResource, object: PersistentVolumeClaim | VolumeSnapshot) {
  const { namespace = '' } = resource.metadata;
  if (object.kind === 'VolumeSnapshot') {
    const name = object.spec.source.persistentVolumeClaimName;
    return name === undefined ? undefined : referTo(CORE, 'PersistentVolumeClaim', namespace, name);
  }
  const { dataSource: from } = object.spec;
  if (!from) return undefined;
  return referTo(from.kind === 'VolumeSnapshot' ? SNAPSHOTS : CORE, from.kind, namespace, from.name);
}

/** Events of what was made just now. The image of a destination is told as it gets into the status. Pure. */
export function eventsOfNew(
  resource: VolSyncResource,
  { claims = [], snapshots = [] }: MadeObjects,
  now: Date,
): ResourceEvent[] {
  const isNew = ({ metadata: { creationTimestamp } }: ClusterObject) =>
    creationTimestamp !== undefined && now.getTime() - Date.parse(creationTimestamp) < NEW_MS;
  const told = resource.kind === 'ReplicationSource' ? [...snapshots, ...claims] : claims;
  return told.filter(isNew).map((each) => createdEvent(each, originOf(resource, each)));
}

/** Whether the cluster is to be asked again. Pure. */
export function isToBeAsked(
  { lastSyncStartTime }: VolSyncStatus,
  askedAtMs: number | undefined,
  nowMs: number,
): boolean {
  if (lastSyncStartTime === undefined) return false;
  if (askedAtMs === undefined) return true;
  const isAtBegin = nowMs - Date.parse(lastSyncStartTime) < NEW_MS;
  return nowMs - askedAtMs >= (isAtBegin ? SOON_MS : LATER_MS);
}

/** Follows what is made for resources. */
export class MadeLooks {
  private readonly askedAt = new Map<string, number>();

  /** @param status as it is now. @param method undefined: there is none */
  async events(
    api: ClusterApi,
    resource: VolSyncResource,
    status: VolSyncStatus,
    method: Method,
  ): Promise<ResourceEvent[]> {
    const now = new Date();
    const { uid = '' } = resource.metadata;
    const services = await this.findWaitingService(api, resource, status, method);
    if (status.lastSyncStartTime === undefined) this.askedAt.delete(uid);
    if (!isToBeAsked(status, this.askedAt.get(uid), now.getTime())) return eventsOfWaiting({ services }, now);
    this.askedAt.set(uid, now.getTime());
    const { namespace = '' } = resource.metadata;
    const [claims, snapshots] = await Promise.all([
      api.list<PersistentVolumeClaim>({
        ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim', namespace, labels: CREATED_BY },
      }),
      api.list<VolumeSnapshot>({
        ...{ apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot', namespace, labels: CREATED_BY },
      }),
    ]);
    const isOwn = ({ metadata }: ClusterObject) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
    const made = { services, claims: claims.filter(isOwn), snapshots: snapshots.filter(isOwn) };
    return [...eventsOfNew(resource, made, now), ...eventsOfWaiting(made, now)];
  }

  private async findWaitingService(
    api: ClusterApi,
    resource: VolSyncResource,
    status: VolSyncStatus,
    method: Method,
  ): Promise<Service[]> {
    if (sideOf(resource) === 'src' || (method !== 'rsync' && method !== 'rsyncTLS')) return [];
    if (status[method]?.address !== undefined) return [];
    const { namespace = '' } = resource.metadata;
    const service = await api.read<Service>(
      referTo(CORE, 'Service', namespace, serviceName(resource, method)),
    );
    return service ? [service] : [];
  }
}
