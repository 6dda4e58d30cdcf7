/** VolumeSnapshots: made, waited for, and used only once they are ready. */
import type { DataSource, ObjectReference, VolumeSnapshot } from '../../hosts/cluster/objects';
import type { OwnerReference } from '../../hosts/cluster/objects';
import { SNAPSHOTS, type VolumeSnapshotClass } from '../../hosts/cluster/objects';
import { makeError } from '../shared/tools';
import { findDriver, type Place, type ReadyPlace } from './place';
import { type Found, waitFor } from './waiting';

const DEFAULT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';
const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io';

export const referToSnapshot = (namespace: string, name: string): ObjectReference => ({
  apiVersion: SNAPSHOTS,
  kind: 'VolumeSnapshot',
  metadata: { namespace, name },
});

/** The class that its snapshots are of, or in words why there is none. */
export async function findSnapshotClass(
  place: ReadyPlace,
): Promise<VolumeSnapshotClass | { whyNot: string }> {
  const { cluster, volume } = place;
  const classes = await cluster.api.list<VolumeSnapshotClass>({
    apiVersion: SNAPSHOTS,
    kind: 'VolumeSnapshotClass',
  });
  const driver = await findDriver(place);
  const wanted = volume.options?.snapshotClass;
  if (wanted !== undefined) {
    const found = classes.find(({ metadata }) => metadata.name === wanted);
    if (!found) return { whyNot: `there is no VolumeSnapshotClass ${wanted}` };
    return objectTo(found, driver) ?? found;
  }
  const fitting = classes.filter((each) => each.driver === driver);
  const usable = fitting.filter(({ deletionPolicy }) => deletionPolicy === 'Delete');
  const isDefault = ({ metadata }: VolumeSnapshotClass) => metadata.annotations?.[DEFAULT_CLASS] === 'true';
  const found = usable.find(isDefault) ?? usable[0];
  if (found) return found;
  const [retaining] = fitting;
  if (retaining) return objectTo(retaining, driver) ?? retaining;
  const held = driver === undefined ? 'the volume, which no CSI driver holds' : `driver ${driver}`;
  return { whyNot: `the cluster has no VolumeSnapshotClass for ${held}` };
}

/** What is left behind by each sync is not what somebody asked for who wants a copy. */
function objectTo(
  { metadata, driver, deletionPolicy }: VolumeSnapshotClass,
  holder: string | undefined,
): { whyNot: string } | undefined {
  const called = `VolumeSnapshotClass ${metadata.name}`;
  if (driver !== holder)
    return { whyNot: `${called} is of driver ${driver}, and the volume of ${holder ?? 'none'}` };
  if (deletionPolicy === 'Delete') return undefined;
  return { whyNot: `${called} retains what is deleted: each sync would leave a snapshot behind` };
}

/** @throws TidemarkError `UnsupportedCapture` */
export async function requireSnapshotClass(place: ReadyPlace): Promise<VolumeSnapshotClass> {
  const found = await findSnapshotClass(place);
  if (!('whyNot' in found)) return found;
  throw makeError(place, 'UnsupportedCapture', found.whyNot, {
    hint: 'use copyMethod Clone or Direct at a source, Direct at a target, or make a VolumeSnapshotClass with deletionPolicy Delete',
  });
}

interface Wanted {
  name: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: readonly OwnerReference[];
  signal?: AbortSignal;
}

/** What a snapshot is, between two looks. */
export function judgeSnapshot(snapshot: VolumeSnapshot | undefined): Found<VolumeSnapshot> {
  if (!snapshot) return { failed: 'somebody deleted it meanwhile' };
  const { status } = snapshot;
  if (snapshot.metadata.deletionTimestamp !== undefined) return { failed: 'it is being deleted' };
  if (status?.error) return { pending: [status.error.message ?? 'it has an error'] };
  return status?.readyToUse === true ? { done: snapshot } : { pending: [] };
}

/**
 * A snapshot of the claim, ready to use. One of that name, made by an attempt that was cut off, is used; but not one with
 * an error.
 * @throws TidemarkError `UnsupportedCapture`, or `NotReady` with what it waited for
 */
export async function takeSnapshot(place: ReadyPlace, wanted: Wanted): Promise<VolumeSnapshot> {
  const { cluster, namespace, name, volume } = place;
  const reference = referToSnapshot(namespace, wanted.name);
  const { metadata } = await requireSnapshotClass(place);
  const before = await cluster.api.read<VolumeSnapshot>(reference);
  if (before?.status?.error) await removeSnapshot(place, before);
  const made = await cluster.api.create<VolumeSnapshot>({
    apiVersion: SNAPSHOTS,
    kind: 'VolumeSnapshot',
    metadata: {
      ...{ name: wanted.name, namespace, labels: wanted.labels },
      ...(wanted.annotations && { annotations: wanted.annotations }),
      ...(wanted.ownerReferences && { ownerReferences: wanted.ownerReferences }),
    },
    spec: { volumeSnapshotClassName: metadata.name, source: { persistentVolumeClaimName: name } },
  });
  try {
    return await waitFor(
      {
        ...{ cluster, namespace, volume: volume.path, about: [reference] },
        what: `the snapshot of ${volume.path}`,
        hint: `look at it: kubectl describe volumesnapshot --namespace ${namespace}; are the snapshot controller and the driver's csi-snapshotter running?`,
        ...(wanted.signal && { signal: wanted.signal }),
      },
      async () => judgeSnapshot(await cluster.api.read<VolumeSnapshot>(reference)),
    );
  } catch (error) {
    // The next attempt asks for another one. It may take as long again until this one is gone.
    if (!wanted.signal?.aborted)
      await cluster.api.remove(reference, made.metadata.uid).catch(() => undefined);
    throw error;
  }
}

/** Removes a snapshot, and waits until its name is free. */
export async function removeSnapshot(
  place: Pick<Place, 'cluster' | 'namespace' | 'volume'>,
  { metadata: { name, uid } }: VolumeSnapshot,
): Promise<void> {
  const { cluster, namespace, volume } = place;
  const reference = referToSnapshot(namespace, name);
  await cluster.api.remove(reference, uid);
  await waitFor<true>(
    {
      ...{ cluster, namespace, volume: volume.path, about: [reference] },
      what: `the deletion of VolumeSnapshot ${name}`,
      hint: `see what keeps it: kubectl get volumesnapshot ${name} --namespace ${namespace} -o yaml`,
    },
    async () => {
      const there = await cluster.api.read<VolumeSnapshot>(reference);
      if (!there || there.metadata.uid !== uid) return { done: true };
      return { pending: (there.metadata.finalizers ?? []).map((each) => `kept by finalizer ${each}`) };
    },
  );
}

export const fromSnapshot = (name: string): DataSource => ({
  apiGroup: SNAPSHOT_GROUP,
  kind: 'VolumeSnapshot',
  name,
});

export const fromClaim = (name: string): DataSource => ({ kind: 'PersistentVolumeClaim', name });
