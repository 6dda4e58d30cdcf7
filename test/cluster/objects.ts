/** Objects that tests make in a cluster. */
import { MOVER_IMAGE } from './images';

export interface ClaimOptions {
  namespace?: string;
  /** `fast`, `wait`, `sized` or `plain`. */
  storageClass?: string;
  /** As Kubernetes writes it. */
  size?: string;
  mode?: 'Filesystem' | 'Block';
  access?: 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod';
  /** Made of a snapshot, or of another claim, of the same namespace. */
  source?: { snapshot: string } | { claim: string };
}

/** A PersistentVolumeClaim. */
export function makeClaim(name: string, options: ClaimOptions = {}): object {
  const {
    namespace = 'default',
    storageClass = 'fast',
    size = '64Mi',
    mode = 'Filesystem',
    source,
  } = options;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: {
      accessModes: [options.access ?? 'ReadWriteOnce'],
      storageClassName: storageClass,
      volumeMode: mode,
      resources: { requests: { storage: size } },
      ...(source && { dataSource: makeSource(source) }),
    },
  };
}

function makeSource(source: NonNullable<ClaimOptions['source']>): object {
  if ('claim' in source) return { kind: 'PersistentVolumeClaim', name: source.claim };
  return { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: source.snapshot };
}

/** A VolumeSnapshot of a claim. */
export function makeSnapshot(name: string, claim: string, { namespace = 'default' } = {}): object {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name, namespace },
    spec: { volumeSnapshotClassName: 'csi', source: { persistentVolumeClaimName: claim } },
  };
}

export interface PodOptions {
  namespace?: string;
  /** Claims that it mounts at `/NAME`. */
  files?: readonly string[];
  /** Claims that it has as devices `/dev/NAME`. */
  devices?: readonly string[];
  /** By default it waits for what is run in it. */
  command?: readonly string[];
  /** Node that it must run on; any by default. */
  node?: string;
}

/** A pod of the image that has what Tidemark runs where the data is. Ends at once when it is deleted. */
export function makePod(name: string, options: PodOptions = {}): object {
  const { namespace = 'default', files = [], devices = [], command, node } = options;
  const container = {
    name: 'main',
    image: MOVER_IMAGE,
    ...(command && { command }),
    volumeMounts: files.map((claim) => ({ name: claim, mountPath: `/${claim}` })),
    volumeDevices: devices.map((claim) => ({ name: claim, devicePath: `/dev/${claim}` })),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 0,
      containers: [container],
      volumes: [...files, ...devices].map((claim) => ({
        name: claim,
        persistentVolumeClaim: { claimName: claim },
      })),
      ...(node && { nodeSelector: { 'kubernetes.io/hostname': node } }),
    },
  };
}
