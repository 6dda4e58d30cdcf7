/** Claims that are made of a snapshot or of another claim: what is read in place of the live volume. */
import {
  CORE,
  type DataSource,
  type OwnerReference,
  type PersistentVolumeClaim,
  STORAGE,
  type StorageClass,
} from '../../hosts/cluster/objects';
import { makeError } from '../shared/tools';
import { ANNOTATIONS, LABELS } from './names';
import { modeOf, type Place, type ReadyPlace, referTo } from './place';
import { quantityToBytes } from './quantity';
import { waitFor } from './waiting';

interface Wanted {
  name: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: readonly OwnerReference[];
  dataSource?: DataSource;
  /** Quantities, of which the largest is asked for. */
  atLeast: readonly (string | undefined)[];
  accessModes: readonly string[];
  storageClass?: string;
  mode: 'Filesystem' | 'Block';
  signal?: AbortSignal;
}

export function largest(quantities: readonly (string | undefined)[]): string | undefined {
  return quantities
    .filter((each) => each !== undefined)
    .reduce<string | undefined>(
      (most, each) => (most === undefined || quantityToBytes(each) > quantityToBytes(most) ? each : most),
      undefined,
    );
}

/** How large a claim is, or is to be. */
export function capacityOf({ spec, status }: PersistentVolumeClaim): string | undefined {
  return status?.capacity?.storage ?? spec.resources?.requests?.storage;
}

/** One pod alone may use such a volume: a copy of it is read by another pod than the one that uses it. */
const modesOfCopy = (modes: readonly string[] = ['ReadWriteOnce']): readonly string[] =>
  modes.map((mode) => (mode === 'ReadWriteOncePod' || mode === 'ReadOnlyMany' ? 'ReadWriteOnce' : mode));

/** How a copy of a claim is made, as its endpoint says or else as it is itself. */
export function likeOf({ pvc, volume }: ReadyPlace) {
  const { accessModes, storageClass = pvc.spec.storageClassName, capacity } = volume.options ?? {};
  return {
    mode: modeOf(pvc),
    accessModes: [...new Set(accessModes ?? modesOfCopy(pvc.spec.accessModes))],
    atLeast: [capacity, capacityOf(pvc)],
    ...(storageClass !== undefined && { storageClass }),
  };
}

/**
 * Makes a claim, or answers the one of that name; bound where it can be before somebody uses it.
 * @throws TidemarkError `NotReady` where it does not become bound, which leaves none behind; `VolumeBusy` while one of its name
 * is still being deleted
 */
export async function makeClaim(place: Place, wanted: Wanted): Promise<PersistentVolumeClaim> {
  const { cluster, namespace } = place;
  const { name, labels, annotations, ownerReferences, dataSource, accessModes, storageClass, mode } = wanted;
  const storage = largest(wanted.atLeast);
  if (storage === undefined) {
    throw makeError(place, 'InvalidSpec', 'nothing says how large the claim is to be', {
      hint: 'say it in the spec, as capacity: 20Gi',
    });
  }
  const asked = storageClass ? await requireClass(place, storageClass) : undefined;
  const made = await cluster.api.create<PersistentVolumeClaim>({
    apiVersion: CORE,
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...{ name, namespace, labels },
      ...(annotations && { annotations }),
      ...(ownerReferences && { ownerReferences }),
    },
    spec: {
      accessModes,
      volumeMode: mode,
      resources: { requests: { storage } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
      ...(dataSource && { dataSource }),
    },
  });
  if (made.metadata.deletionTimestamp !== undefined) {
    throw makeError(place, 'VolumeBusy', `the claim ${name} of an earlier attempt is still being deleted`, {
      hint: 'it resumes by itself',
    });
  }
  try {
    return (await bindsLate(place, made, asked)) ? made : await waitBound(place, made, wanted.signal);
  } catch (error) {
    // It never held anything, and the next attempt may ask for another one.
    if (!wanted.signal?.aborted && isOurs(made)) await removeClaim(place, made).catch(() => undefined);
    throw error;
  }
}

/** Not one that somebody else has made of that name at the same moment. */
const isOurs = ({ metadata: { labels, annotations } }: PersistentVolumeClaim): boolean =>
  labels?.[LABELS.managedBy] !== undefined || annotations?.[ANNOTATIONS.made] !== undefined;

/** @throws TidemarkError `InvalidSpec` where there is none */
async function requireClass(place: Place, name: string): Promise<StorageClass> {
  const reference = { apiVersion: STORAGE, kind: 'StorageClass', metadata: { name } };
  const found = await place.cluster.api.read<StorageClass>(reference);
  if (found) return found;
  throw makeError(place, 'InvalidSpec', `there is no StorageClass ${name}`, {
    hint: 'kubectl get storageclass shows what there is',
  });
}

/** Whether a claim gets its volume with its first pod. A class named empty is none: somebody makes the volume by hand. */
async function bindsLate(
  place: Place,
  { spec: { storageClassName } }: PersistentVolumeClaim,
  asked?: StorageClass,
): Promise<boolean> {
  if (storageClassName === undefined) {
    throw makeError(place, 'InvalidSpec', 'the cluster has no default StorageClass', {
      hint: 'name one in the spec, as storageClass; kubectl get storageclass shows what there is',
    });
  }
  if (storageClassName === '') return false;
  // The claim that is there may be of an earlier attempt, with another class.
  const its = asked?.metadata.name === storageClassName ? asked : await requireClass(place, storageClassName);
  return its.volumeBindingMode === 'WaitForFirstConsumer';
}

/** Waits for the volume behind a claim. */
async function waitBound(
  place: Place,
  claim: PersistentVolumeClaim,
  signal?: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const { cluster, namespace, volume } = place;
  const reference = referTo('PersistentVolumeClaim', namespace, claim.metadata.name);
  return await waitFor<PersistentVolumeClaim>(
    {
      ...{ cluster, namespace, volume: volume.path, about: [reference] },
      what: `the volume of PersistentVolumeClaim ${namespace}/${claim.metadata.name}`,
      hint: `look at it: kubectl describe pvc ${claim.metadata.name} --namespace ${namespace}`,
      ...(signal && { signal }),
    },
    async () => {
      const now = await cluster.api.read<PersistentVolumeClaim>(reference);
      if (!now) return { failed: 'somebody deleted the claim' };
      if (now.status?.phase === 'Lost') return { failed: 'the claim has lost its volume' };
      return now.status?.phase === 'Bound' ? { done: now } : { pending: [] };
    },
  );
}

/** Removes a claim. It goes once no pod uses it. */
export async function removeClaim(
  { cluster, namespace }: Pick<Place, 'cluster' | 'namespace'>,
  { metadata: { name, uid } }: PersistentVolumeClaim,
): Promise<void> {
  await cluster.api.remove(referTo('PersistentVolumeClaim', namespace, name), uid);
}
