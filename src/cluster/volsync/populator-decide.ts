/**
 * How a claim is filled whose `dataSourceRef` names a ReplicationDestination: by a working claim of its own, made of the newest
 * image, whose volume becomes the claim's. What comes next, by what is there. Pure.
 */
import {
  CORE,
  type ClusterObject,
  type OwnerReference,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  type VolumeSnapshot,
} from '../../hosts/cluster/objects';
import { DO_NOT_DELETE, labelValue, largestQuantity } from '../../volumes/pvc';
import type { EventReason, ResourceEvent } from './events';
import { CREATED_BY, ownedBy } from './owned';
import type { VolSyncResource } from './resource';
import { RESTORED_NOTHING } from './status';

const GROUP = 'volsync.backube';
const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io';
/** Of a working claim: which it is for. */
const FOR = 'volsync.backube/populator-pvc-for';
/** Of a snapshot, with the uid of a claim that is filled from it. */
const IN_USE = 'volsync.backube/volpop-pvc-';
/** Of a volume: what it was filled from. */
const FROM = 'volsync.backube/populated-from';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const MIGRATED_TO = 'volume.kubernetes.io/migrated-to';

/** What is there. */
export interface PopulatorView {
  claim: PersistentVolumeClaim;
  /** Of the claim, where it names one that is there. */
  storageClass?: StorageClass | undefined;
  /** The working claim. */
  prime?: PersistentVolumeClaim | undefined;
  /** The volume of the working claim. */
  volume?: PersistentVolume | undefined;
  /** Which the claim names. */
  destination?: VolSyncResource | undefined;
  /** What the working claim is made of, or would be. */
  snapshot?: VolumeSnapshot | undefined;
}

export type PopulatorStep =
  /** Something else comes first. */
  | { do: 'wait'; event?: ResourceEvent }
  /** Make the working claim. */
  | { do: 'make'; prime: PersistentVolumeClaim; event: ResourceEvent }
  /** The volume of the working claim becomes the claim's. */
  | { do: 'rebind'; change: object }
  /** The working claim comes to nothing: another is made. */
  | { do: 'remake'; event?: ResourceEvent; unselect: boolean }
  /** It is filled. */
  | { do: 'finish' };

const warn = (reason: EventReason, why: string): ResourceEvent => ({
  ...{ type: 'Warning', reason, action: 'Populate', note: `Unable to populate volume: ${why}` },
});

/** Whether it is filled by us. */
export function isToBePopulated({ spec: { dataSourceRef } }: PersistentVolumeClaim): boolean {
  const { apiGroup, kind, name } = dataSourceRef ?? {};
  return apiGroup === GROUP && kind === 'ReplicationDestination' && Boolean(name);
}

/** Which claims are to be looked at as this one is seen: itself, or the one that it is the working claim of. */
export function claimsConcerned(claim: PersistentVolumeClaim): string[] {
  const { name, labels = {}, ownerReferences = [] } = claim.metadata;
  if (labels[FOR] === undefined) return isToBePopulated(claim) ? [name] : [];
  return ownerReferences.filter(({ kind }) => kind === 'PersistentVolumeClaim').map((owner) => owner.name);
}

/** What the working claim is called. */
export const nameOfPrime = ({ metadata }: PersistentVolumeClaim): string => `vs-prime-${metadata.uid ?? ''}`;

/** What the snapshots bear that a claim is filled from: no other has these. */
export const labelInUse = ({ metadata }: PersistentVolumeClaim): Record<string, string> => ({
  [`${IN_USE}${metadata.uid ?? ''}`]: labelValue(metadata.name),
});

/** Those labels of a snapshot that say which claims are filled from it. */
const inUseLabels = ({ metadata: { labels = {} } }: VolumeSnapshot): string[] =>
  Object.keys(labels).filter((key) => key.startsWith(IN_USE));

export const isInUse = (snapshot: VolumeSnapshot): boolean => inUseLabels(snapshot).length > 0;

/** Those of claims that are gone. @param claims all that are there */
export function staleLabels(snapshot: VolumeSnapshot, claims: readonly PersistentVolumeClaim[]): string[] {
  const alive = new Set(claims.flatMap((claim) => Object.keys(labelInUse(claim))));
  return inUseLabels(snapshot).filter((key) => !alive.has(key));
}

/**
 * Who has a snapshot: the working claim too, so that it does not go before its time, nor stay for it alone. One that nobody has is
 * somebody's by hand, and would go with the working claim. Undefined: as it is.
 */
export function ownersWith(
  { metadata: { labels = {}, ownerReferences = [] } }: VolumeSnapshot,
  { apiVersion, kind, metadata: { name, uid = '' } }: PersistentVolumeClaim,
): OwnerReference[] | undefined {
  const others = ownerReferences.filter((owner) => owner.uid !== uid);
  const isOwner = others.length < ownerReferences.length;
  const isToOwn = labels[DO_NOT_DELETE] === undefined && ownerReferences.length > 0;
  if (isOwner === isToOwn) return undefined;
  return isToOwn ? [...others, { apiVersion, kind, name, uid }] : others;
}

const sourceOf = ({ spec }: PersistentVolumeClaim) => spec.dataSourceRef ?? spec.dataSource;

/** The snapshot by name that the working claim is made of, or would be; undefined: of none. */
export function snapshotName({ prime, destination }: PopulatorView): string | undefined {
  const source = prime ? sourceOf(prime) : destination?.status?.latestImage;
  return source?.kind === 'VolumeSnapshot' ? source.name : undefined;
}

const nodeOf = ({ metadata }: PersistentVolumeClaim) => metadata.annotations?.[SELECTED_NODE];

/** A volume of such a class is made where a pod is to run. */
const waitsForPod = (storageClass: StorageClass | undefined) =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer';

/** The scheduler, or somebody who makes a class, comes first; or it is nobody's to fill. */
function mustWait({ claim, storageClass }: PopulatorView): boolean {
  if (claim.spec.storageClassName && !storageClass) return true;
  const isInTree = storageClass?.provisioner.startsWith('kubernetes.io/') === true;
  if (isInTree && !claim.metadata.annotations?.[MIGRATED_TO]) return true;
  return waitsForPod(storageClass) && nodeOf(claim) === undefined;
}

/** As large as the image at least: a smaller one no driver would make of it. */
function makePrime(
  { claim, storageClass }: PopulatorView,
  snapshot: VolumeSnapshot | undefined,
): PersistentVolumeClaim {
  const { accessModes, storageClassName, volumeMode, resources } = claim.spec;
  const { name, namespace } = claim.metadata;
  const storage = largestQuantity([resources?.requests?.storage, snapshot?.status?.restoreSize]);
  const node = waitsForPod(storageClass) ? nodeOf(claim) : undefined;
  return {
    apiVersion: CORE,
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: nameOfPrime(claim),
      ...(namespace !== undefined && { namespace }),
      labels: { ...CREATED_BY, [FOR]: labelValue(name) },
      ...(node !== undefined && { annotations: { [SELECTED_NODE]: node } }),
      ownerReferences: [ownedBy(claim)],
    },
    spec: {
      ...(accessModes && { accessModes }),
      ...(storageClassName !== undefined && { storageClassName }),
      ...(volumeMode && { volumeMode }),
      ...(storage !== undefined && { resources: { requests: { storage } } }),
      ...(snapshot && {
        dataSourceRef: { apiGroup: SNAPSHOT_GROUP, kind: 'VolumeSnapshot', name: snapshot.metadata.name },
      }),
    },
  };
}

const isGoing = ({ metadata }: ClusterObject) => metadata.deletionTimestamp !== undefined;

/** A restore came through that found no backup, and no other goes on: what is made of it is empty, as VolSync's image is. */
function isOfNothing({ status }: VolSyncResource): boolean {
  const { conditions = [] } = status ?? {};
  const isAtWork = conditions.some(({ reason }) => reason === 'SyncInProgress');
  return !isAtWork && conditions.some(({ type, status: is }) => type === RESTORED_NOTHING && is === 'True');
}

function begin(view: PopulatorView): PopulatorStep {
  const { claim, destination, snapshot } = view;
  const { name = '' } = claim.spec.dataSourceRef ?? {};
  const wait = (reason: EventReason, why: string): PopulatorStep => ({
    do: 'wait',
    event: warn(reason, why),
  });
  if (!destination) {
    return wait(
      'VolSyncPopulatorReplicationDestinationMissing',
      `replicationdestinations.volsync.backube "${name}" not found`,
    );
  }
  const { latestImage } = destination.status ?? {};
  const made = (what: string): ResourceEvent => ({
    ...{ type: 'Normal', reason: 'VolSyncPopulatorPVCCreated', action: 'CreatePersistentVolumeClaim' },
    note: `Populator pvc created ${what}`,
  });
  if (!latestImage && isOfNothing(destination)) {
    return {
      ...{ do: 'make', prime: makePrime(view, undefined) },
      event: made('empty: the replicationdestination had nothing to restore'),
    };
  }
  if (!latestImage) {
    return {
      do: 'wait',
      event: {
        ...warn('VolSyncPopulatorReplicationDestinationNoLatestImage', ''),
        note: 'Unable to populate volume, waiting for replicationdestination to have latestImage',
      },
    };
  }
  if (latestImage.kind !== 'VolumeSnapshot')
    return wait('VolSyncPopulatorError', 'ReplicationDestination latestImage is not a volumesnapshot');
  if (!snapshot || isGoing(snapshot))
    return wait('VolSyncPopulatorError', `volumesnapshots "${latestImage.name}" not found`);
  return {
    ...{ do: 'make', prime: makePrime(view, snapshot) },
    event: made(`from snapshot ${latestImage.name}`),
  };
}

function goOn(view: PopulatorView, prime: PersistentVolumeClaim): PopulatorStep {
  const { claim, storageClass, volume, snapshot } = view;
  if (isGoing(prime)) return { do: 'wait' };
  const source = snapshotName(view);
  if (!prime.spec.volumeName) {
    const isLost = source !== undefined && (!snapshot || isGoing(snapshot));
    if (isLost) {
      const event = warn('VolSyncPopulatorError', `volumesnapshots "${source}" not found`);
      return { do: 'remake', unselect: false, event };
    }
    // Where it could not be made on that node, whoever makes volumes takes the node away: the scheduler is to choose another.
    const isRefused = waitsForPod(storageClass) && nodeOf(prime) === undefined;
    const isElsewhere = waitsForPod(storageClass) && nodeOf(prime) !== nodeOf(claim);
    return isElsewhere ? { do: 'remake', unselect: isRefused } : { do: 'wait' };
  }
  const { name, namespace, uid } = claim.metadata;
  if (!volume || volume.spec.claimRef?.uid === uid) return { do: 'wait' };
  return {
    do: 'rebind',
    change: {
      metadata: {
        resourceVersion: volume.metadata.resourceVersion,
        ...(source !== undefined && { annotations: { [FROM]: `${namespace}/${source}` } }),
      },
      spec: { claimRef: { name, namespace, uid, resourceVersion: claim.metadata.resourceVersion } },
    },
  };
}

/** What is to be done next. Undefined: nothing, for good. */
export function decidePopulation(view: PopulatorView): PopulatorStep | undefined {
  const { claim, prime } = view;
  // What was made for it goes with it.
  if (isGoing(claim) || !isToBePopulated(claim)) return undefined;
  const { volumeName } = claim.spec;
  if (volumeName) {
    // Until the cluster has taken note of whose the volume is, it would go with the working claim.
    const isTold = prime?.spec.volumeName !== volumeName || prime.status?.phase === 'Lost';
    return isTold ? { do: 'finish' } : { do: 'wait' };
  }
  if (mustWait(view)) return { do: 'wait' };
  return prime ? goOn(view, prime) : begin(view);
}

/** It took place, and what it took is taken away. */
export const FINISHED: ResourceEvent = {
  ...{ type: 'Normal', reason: 'VolSyncPopulatorFinished', action: 'Populate' },
  note: 'Populator finished',
};

/** The change that lets the scheduler choose a node anew. */
export const UNSELECT = { metadata: { annotations: { [SELECTED_NODE]: null } } };
