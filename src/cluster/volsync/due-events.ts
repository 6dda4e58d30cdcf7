/** Which events of a resource are due: by how it stood and how it stands, and by what waits for the cluster. Pure. */
import { addressOf } from '../../hosts/cluster/door-service';
import type {
  ClusterObject,
  ObjectReference,
  PersistentVolumeClaim,
  Service,
  VolumeSnapshot,
} from '../../hosts/cluster/objects';
import type { ResourceEvent } from './events';

/** What is read of a status. */
export interface EventfulStatus {
  lastSyncStartTime?: string;
  lastSyncTime?: string;
  latestImage?: { apiGroup?: string; kind: string; name: string };
  latestMoverStatus?: { result?: string; logs?: string };
  rsync?: { address?: string };
  rsyncTLS?: { address?: string };
}

export interface Transition {
  resource: ObjectReference;
  former: EventfulStatus;
  status: EventfulStatus;
  /** The name of the mover's Job. */
  job?: string;
  /** The name of the PVC that is replicated, or brought up to date. */
  claim?: string;
}

/** After these it is said that something waits. */
const SNAPSHOT_WAIT_MS = 30_000;
const CLAIM_WAIT_MS = 120_000;
const SERVICE_WAIT_MS = 15_000;

const referTo = (resource: ObjectReference, apiVersion: string, kind: string, name: string) => {
  const { namespace } = resource.metadata;
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
};

function transferEvents({ resource, former, status, job }: Transition): ResourceEvent[] {
  const related = job === undefined ? {} : { related: referTo(resource, 'batch/v1', 'Job', job) };
  const what = job === undefined ? 'a mover' : `Job/${job}`;
  const isSource = resource.kind === 'ReplicationSource';
  const started = status.lastSyncStartTime;
  const { result, logs = '' } = status.latestMoverStatus ?? {};
  const isFailed = result === 'Failed';
  const isNew =
    former.latestMoverStatus?.result !== 'Failed' || (former.latestMoverStatus.logs ?? '') !== logs;
  return [
    ...(started !== undefined && started !== former.lastSyncStartTime
      ? [
          {
            ...({ type: 'Normal', reason: 'TransferStarted', action: 'CreateMover' } as const),
            note: `starting ${what} to ${isSource ? 'transmit' : 'receive'} data`,
            ...related,
          },
        ]
      : []),
    ...(isFailed && isNew
      ? [
          {
            ...({ type: 'Warning', reason: 'TransferFailed', action: 'DeleteMover' } as const),
            note: `${what} failed: ${logs.trim().split('\n').at(-1) || 'it said nothing'}`,
            ...related,
          },
        ]
      : []),
  ];
}

const NOTHING_RESTORED = /No eligible snapshots found|No data will be restored/;

function imageEvents({ resource, former, status, claim }: Transition): ResourceEvent[] {
  const { latestImage, latestMoverStatus, lastSyncTime } = status;
  const isNew = latestImage !== undefined && latestImage.name !== former.latestImage?.name;
  const isSynced = lastSyncTime !== undefined && lastSyncTime !== former.lastSyncTime;
  const from = claim === undefined ? '' : ` from PersistentVolumeClaim/${claim}`;
  return [
    ...(isNew && latestImage.kind === 'VolumeSnapshot'
      ? [
          {
            ...({ type: 'Normal', reason: 'VolumeSnapshotCreated', action: 'CreateVolumeSnapshot' } as const),
            note: `created VolumeSnapshot/${latestImage.name}${from}`,
            related: referTo(resource, 'snapshot.storage.k8s.io/v1', 'VolumeSnapshot', latestImage.name),
          },
        ]
      : []),
    ...(isSynced && NOTHING_RESTORED.test(latestMoverStatus?.logs ?? '')
      ? [
          {
            ...({ type: 'Warning', reason: 'NothingRestored', action: 'Restore' } as const),
            note: 'the repository has no backup that is meant: nothing was restored',
          },
        ]
      : []),
  ];
}

function addressEvents({ former, status }: Transition): ResourceEvent[] {
  return (['rsync', 'rsyncTLS'] as const).flatMap((method) => {
    const address = status[method]?.address;
    if (address === undefined || address === former[method]?.address) return [];
    const note = `listening on address ${address} for incoming connections`;
    return [{ type: 'Normal', reason: 'ServiceAddressAssigned', action: 'PublishAddress', note } as const];
  });
}

/** Those that are due since a status is another one than before. */
export const eventsOf = (transition: Transition): ResourceEvent[] => [
  ...transferEvents(transition),
  ...imageEvents(transition),
  ...addressEvents(transition),
];

const nameOf = ({ kind, metadata }: ObjectReference) => `${kind}/${metadata.name}`;

/** A PVC or a VolumeSnapshot was made. @param from what of */
export function createdEvent(
  object: ObjectReference & { kind: 'PersistentVolumeClaim' | 'VolumeSnapshot' },
  from?: ObjectReference,
): ResourceEvent {
  return {
    type: 'Normal',
    reason: `${object.kind}Created`,
    action: `Create${object.kind}`,
    note: `created ${nameOf(object)} ${from ? `from ${nameOf(from)}` : 'to receive incoming data'}`,
    related: object,
  };
}

const isOlder = ({ metadata: { creationTimestamp } }: ClusterObject, ms: number, now: Date) =>
  creationTimestamp !== undefined && now.getTime() - Date.parse(creationTimestamp) > ms;

/** What is made for a resource. */
export interface MadeObjects {
  claims?: readonly PersistentVolumeClaim[];
  snapshots?: readonly VolumeSnapshot[];
  services?: readonly Service[];
}

/** Those that are due since something waits for the cluster for long. */
export function eventsOfWaiting(made: MadeObjects, now: Date): ResourceEvent[] {
  const { claims = [], snapshots = [], services = [] } = made;
  const warn = (
    reason: ResourceEvent['reason'],
    action: string,
    note: string,
    related: ObjectReference,
  ): ResourceEvent => ({ type: 'Warning', reason, action, note, related });
  return [
    ...snapshots
      .filter((each) => isOlder(each, SNAPSHOT_WAIT_MS, now))
      .filter(({ status }) => status?.boundVolumeSnapshotContentName === undefined)
      .map((each) => {
        const why = each.status?.error?.message;
        const note = `waiting for ${nameOf(each)} to be bound${why === undefined ? '' : `: ${why}`}; is there a VolumeSnapshotClass for its driver?`;
        return warn('VolumeSnapshotNotBound', 'WaitForVolumeSnapshot', note, each);
      }),
    ...claims
      .filter((each) => isOlder(each, CLAIM_WAIT_MS, now) && each.status?.phase !== 'Bound')
      .map((each) => {
        const note = `waiting for ${nameOf(each)} to be bound; see kubectl describe pvc ${each.metadata.name}`;
        return warn('PersistentVolumeClaimNotBound', 'WaitForPersistentVolumeClaim', note, each);
      }),
    ...services
      .filter((each) => isOlder(each, SERVICE_WAIT_MS, now) && !addressOf(each))
      .map((each) => {
        const note = `waiting for an address of ${nameOf(each)}; can this cluster give one to a Service of type ${each.spec.type ?? 'ClusterIP'}?`;
        return warn('NoServiceAddressAssigned', 'WaitForService', note, each);
      }),
  ];
}
