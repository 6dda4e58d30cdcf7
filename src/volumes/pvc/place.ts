/** What the cluster knows of a claim: the PVC, its classes, and whom it belongs to. */
import type { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import type { Cluster } from '../../hosts/cluster/contract';
import {
  CORE,
  type Namespace,
  type ObjectReference,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  STORAGE,
  type StorageClass,
} from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import { parseState, type State } from '../shared/state';
import { makeError, type Subject } from '../shared/tools';
import { ANNOTATIONS, LABELS } from './names';

/** Where a claim is, whether or not it is there. */
export interface Place extends Subject {
  cluster: Cluster;
  namespace: string;
  name: string;
  /** One that is being deleted is there until it is gone. */
  pvc?: PersistentVolumeClaim;
  state?: State;
}

/** A place whose claim is there. */
export type ReadyPlace = Place & { pvc: PersistentVolumeClaim };

export function clusterOf({ host, volume }: Subject): Cluster {
  if (host.cluster) return host.cluster;
  throw makeError({ host, volume }, 'InvalidSpec', `host ${host.name} is no Kubernetes cluster`, {
    hint: `start its agent with --kubernetes, or name a directory, zfs, btrfs or image there`,
  });
}

export const referTo = (
  kind: 'PersistentVolumeClaim' | 'Pod' | 'Service',
  namespace: string,
  name: string,
): ObjectReference => ({ apiVersion: CORE, kind, metadata: { namespace, name } });

/** @throws TidemarkError `InvalidSpec` for a namespace that the agent does not serve */
export async function findPlace(host: Host, volume: Volume): Promise<Place> {
  const subject = { host, volume };
  const cluster = clusterOf(subject);
  const slash = volume.path.indexOf('/');
  const [namespace, name] = [volume.path.slice(0, slash), volume.path.slice(slash + 1)];
  if (cluster.namespaces && !cluster.namespaces.includes(namespace)) {
    const served = cluster.namespaces.join(', ');
    throw makeError(
      subject,
      'InvalidSpec',
      `the agent of ${cluster.name} serves ${served}, not ${namespace}`,
      {
        hint: `start it with --namespaces ${[...cluster.namespaces, namespace].join(',')}, and give it the rights there`,
      },
    );
  }
  const pvc = await cluster.api.read<PersistentVolumeClaim>(
    referTo('PersistentVolumeClaim', namespace, name),
  );
  const place = { ...subject, cluster, namespace, name, ...(pvc && { pvc }) };
  const state = pvc && readState(place, pvc);
  return { ...place, ...(state && { state }) };
}

/** @throws TidemarkError `VolumeMissing` */
export async function findReadyPlace(host: Host, volume: Volume): Promise<ReadyPlace> {
  return requireClaim(await findPlace(host, volume));
}

/** @throws TidemarkError `VolumeMissing` where there is no claim, or it is about to go. */
export function requireClaim(place: Place): ReadyPlace {
  const { pvc } = place;
  if (!pvc) throw makeMissing(place);
  if (pvc.metadata.deletionTimestamp !== undefined) {
    throw makeError(place, 'VolumeMissing', 'the claim is being deleted', {
      hint: 'wait until it is gone and make it anew, or restore from a recovery point',
    });
  }
  return { ...place, pvc };
}

export function makeMissing(place: Place): TidemarkError {
  const { namespace, name } = place;
  return makeError(
    place,
    'VolumeMissing',
    `there is no PersistentVolumeClaim ${name} in namespace ${namespace}`,
    {
      hint: `kubectl get pvc --namespace ${namespace} shows what there is`,
    },
  );
}

/**
 * The claims in its annotation. Annotations that were copied with a manifest, onto a claim that was deleted and made anew,
 * are those of another volume.
 */
function readState(subject: Subject, { metadata }: PersistentVolumeClaim): State | undefined {
  const text = metadata.annotations?.[ANNOTATIONS.state];
  if (text === undefined) return undefined;
  try {
    const { uid } = JSON.parse(text) as { uid?: unknown };
    return uid === metadata.uid ? parseState(text) : undefined;
  } catch (error) {
    const hint = `correct or remove it, then approve the volume anew: kubectl annotate pvc ${metadata.name} --namespace ${metadata.namespace} ${ANNOTATIONS.state}-`;
    const message = `its annotation ${ANNOTATIONS.state} can't be parsed`;
    throw makeError(subject, 'ToolFailed', message, { hint }, error);
  }
}

export const modeOf = ({ spec }: PersistentVolumeClaim): 'Filesystem' | 'Block' =>
  spec.volumeMode ?? 'Filesystem';

/** The driver that holds the volume; undefined as long as it has none, or where no CSI driver does. */
export async function findDriver(place: ReadyPlace): Promise<string | undefined> {
  const { cluster, pvc } = place;
  const { volumeName } = pvc.spec;
  if (volumeName) {
    const volume = await cluster.api.read<PersistentVolume>({
      apiVersion: CORE,
      kind: 'PersistentVolume',
      metadata: { name: volumeName },
    });
    return volume?.spec.csi?.driver;
  }
  return (await findStorageClass(place))?.provisioner;
}

export async function findStorageClass({ cluster, pvc }: ReadyPlace): Promise<StorageClass | undefined> {
  const name = pvc.spec.storageClassName;
  if (!name) return undefined;
  const reference = { apiVersion: STORAGE, kind: 'StorageClass', metadata: { name } };
  return await cluster.api.read<StorageClass>(reference);
}

export async function findNamespace({ cluster, namespace }: Place): Promise<Namespace | undefined> {
  return await cluster.api.read<Namespace>({
    apiVersion: CORE,
    kind: 'Namespace',
    metadata: { name: namespace },
  });
}

/** Pods of others that use the claim and have not ended. */
export async function findUsers({ cluster, namespace, name }: Place): Promise<Pod[]> {
  const pods = await cluster.api.list<Pod>({ apiVersion: CORE, kind: 'Pod', namespace });
  return pods.filter(({ metadata, spec, status }) => {
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    const isOurs = metadata.labels?.[LABELS.managedBy] === 'tidemark';
    const uses = spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name);
    return !isOver && !isOurs && uses === true;
  });
}
