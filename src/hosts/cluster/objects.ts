/** The objects of Kubernetes that Tidemark works with, as far as it reads or writes them. As the API has them, in JSON. */

export interface Metadata {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  /** Of a custom resource: rises with each change of its spec. */
  generation?: number;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  finalizers?: readonly string[];
  ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** What every object has. */
export interface ClusterObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

/** What an object is found by. */
export interface ObjectReference {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** Where a PVC's content comes from. */
export interface DataSource {
  apiGroup?: string;
  kind: string;
  name: string;
}

export interface PersistentVolumeClaim extends ClusterObject {
  kind: 'PersistentVolumeClaim';
  spec: {
    accessModes?: readonly string[];
    storageClassName?: string;
    volumeMode?: 'Filesystem' | 'Block';
    volumeName?: string;
    resources?: { requests?: { storage?: string } };
    dataSource?: DataSource;
    /** The same, and whatever else a populator knows how to fill a claim from. */
    dataSourceRef?: DataSource;
  };
  status?: {
    phase?: 'Pending' | 'Bound' | 'Lost';
    capacity?: { storage?: string };
    accessModes?: readonly string[];
    conditions?: readonly Condition[];
  };
}

export interface PersistentVolume extends ClusterObject {
  kind: 'PersistentVolume';
  spec: {
    csi?: { driver: string; volumeHandle: string };
    nodeAffinity?: unknown;
    /** The claim that it is of. */
    claimRef?: { namespace?: string; name?: string; uid?: string };
  };
}

export interface StorageClass extends ClusterObject {
  kind: 'StorageClass';
  provisioner: string;
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
  allowVolumeExpansion?: boolean;
}

export interface VolumeSnapshotClass extends ClusterObject {
  kind: 'VolumeSnapshotClass';
  driver: string;
  deletionPolicy: 'Delete' | 'Retain';
}

export interface VolumeSnapshot extends ClusterObject {
  kind: 'VolumeSnapshot';
  spec: {
    volumeSnapshotClassName?: string;
    source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string };
  };
  status?: {
    readyToUse?: boolean;
    restoreSize?: string;
    creationTime?: string;
    boundVolumeSnapshotContentName?: string;
    error?: { message?: string; time?: string };
  };
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: { reason?: string; message?: string; exitCode?: number };
  };
}

export interface Pod extends ClusterObject {
  kind: 'Pod';
  spec: {
    nodeName?: string;
    volumes?: readonly { name: string; persistentVolumeClaim?: { claimName: string } }[];
  };
  status?: {
    phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    reason?: string;
    message?: string;
    podIP?: string;
    hostIP?: string;
    conditions?: readonly Condition[];
    containerStatuses?: readonly ContainerStatus[];
    initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Job extends ClusterObject {
  kind: 'Job';
  spec: Readonly<Record<string, unknown>>;
  status?: { active?: number; failed?: number; succeeded?: number; conditions?: readonly Condition[] };
}

/** What Jobs are made from, on a schedule or by hand. */
export interface CronJob extends ClusterObject {
  kind: 'CronJob';
  spec: {
    jobTemplate: {
      metadata?: Labelled;
      spec: {
        template: {
          metadata?: Labelled;
          spec: {
            containers: readonly Container[];
            initContainers?: readonly Container[];
            volumes?: Pod['spec']['volumes'];
          };
        };
      };
    };
  };
}

interface Labelled {
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
}

interface Container {
  name: string;
  env?: readonly object[];
}

export interface Service extends ClusterObject {
  kind: 'Service';
  spec: {
    type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
    clusterIP?: string;
    selector?: Readonly<Record<string, string>>;
    ports?: readonly { name?: string; port: number; targetPort?: number; nodePort?: number }[];
  };
  status?: { loadBalancer?: { ingress?: readonly { ip?: string; hostname?: string }[] } };
}

export interface Secret extends ClusterObject {
  kind: 'Secret';
  /** In base64. */
  data?: Readonly<Record<string, string>>;
}

export interface Namespace extends ClusterObject {
  kind: 'Namespace';
}

/** What the cluster says of one object. */
export interface ClusterEvent extends ClusterObject {
  kind: 'Event';
  type?: string;
  reason?: string;
  message?: string;
  lastTimestamp?: string;
  eventTime?: string;
  involvedObject: { kind?: string; name?: string; uid?: string };
}

/** A Deployment, StatefulSet or whatever else has a number of replicas. */
export interface Scalable extends ClusterObject {
  spec: { replicas?: number; selector?: { matchLabels?: Readonly<Record<string, string>> } };
  status?: { replicas?: number; readyReplicas?: number };
}

export const CORE = 'v1';
export const SNAPSHOTS = 'snapshot.storage.k8s.io/v1';
export const STORAGE = 'storage.k8s.io/v1';
export const BATCH = 'batch/v1';

/** `PersistentVolumeClaim shop/mysql`: how messages name an object. */
export function nameObject({ kind, metadata: { namespace, name } }: ObjectReference): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
