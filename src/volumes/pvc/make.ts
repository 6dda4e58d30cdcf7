/** Makes a target's claim where it is missing, and lets it grow. */
import type { Claim, Volume } from '../../model/records';
import { formatBytes } from '../../model/units';
import type { PersistentVolumeClaim } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import type { VolumeShape } from '../contract';
import { noteClaim } from '../shared/memory';
import { makeError } from '../shared/tools';
import { changeClaims, checkPlace, checkUnused, storeClaim } from './claims';
import { capacityOf, largest, makeClaim } from './copies';
import { findStyle } from './find-style';
import { ANNOTATIONS } from './names';
import {
  findPlace,
  findReadyPlace,
  findStorageClass,
  modeOf,
  type Place,
  type ReadyPlace,
  referTo,
  requireClaim,
} from './place';
import type { MoverPods } from './pods';
import { MADE_BY_US } from './style';
import { quantityToBytes } from './quantity';
import { waitFor } from './waiting';

const DEFAULT_MODES = ['ReadWriteOnce'];

/** `make` of the volume contract. */
export async function make(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  claim: Claim,
  source: VolumeShape,
  signal?: AbortSignal,
): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    await checkPlace(place, claim, {});
    if (!place.pvc) await makeTarget(place, source, signal);
    const made = place.pvc ? { ...place, pvc: place.pvc } : await findReadyPlace(host, volume);
    // Before anything is written to it, so that it is known whose it is; what was there before was claimed before.
    if (made.state || made.pvc.metadata.annotations?.[ANNOTATIONS.made] === undefined) return;
    await storeClaim(made, claim);
    await noteClaim(made, claim);
  });
  await adjust(pods, await findReadyPlace(host, volume), source, signal);
}

/** `prepareRestore` of the volume contract. */
export async function prepareRestore(
  host: Host,
  volume: Volume,
  { source, dryRun }: { source: VolumeShape; dryRun: boolean },
): Promise<boolean> {
  const place = await findPlace(host, volume);
  if (!place.pvc) {
    if (dryRun) return false;
    await makeTarget(place, source);
    return true;
  }
  const [claim] = Object.values(place.state?.claims ?? {});
  if (claim) {
    throw makeError(place, 'Fenced', `the claim is the ${claim.role} of ${claim.relationship}`, {
      hint: 'restore into another claim, and copy from there; to put a relationship itself back: tidemark failover --point',
    });
  }
  if (modeOf(requireClaim(place).pvc) === 'Block') {
    throw makeError(place, 'InvalidSpec', 'the claim is a block device, and files are to be restored', {
      hint: 'name a claim with volumeMode Filesystem, or a new one',
    });
  }
  await checkUnused(place);
  return true;
}

async function makeTarget(place: Place, source: VolumeShape, signal?: AbortSignal): Promise<void> {
  const { capacity, accessModes, storageClass } = place.volume.options ?? {};
  const own = source.capacityBytes === undefined ? undefined : String(source.capacityBytes);
  if (capacity === undefined && own === undefined) {
    throw makeError(
      place,
      'InvalidSpec',
      'nothing says how large the claim is to be: its source has no size of its own',
      {
        hint: 'say it at the target, as capacity: 20Gi',
      },
    );
  }
  // One that was made for a resource goes with that.
  const style = await findStyle(place);
  await makeClaim(place, {
    name: place.name,
    // No label of ours: it is the user's from here on, and nothing that is found by labels is to take it away.
    labels: { ...style?.labels },
    ...(style && { ownerReferences: [style.owner] }),
    annotations: MADE_BY_US,
    atLeast: [capacity ?? own],
    accessModes: accessModes ?? DEFAULT_MODES,
    mode: source.isBlock === true ? 'Block' : 'Filesystem',
    ...(storageClass !== undefined && { storageClass }),
    ...(signal && { signal }),
  });
}

/** @throws TidemarkError `InvalidSpec` for another mode than the source's, `TargetFull` where it can't grow as it must */
async function adjust(
  pods: MoverPods,
  place: ReadyPlace,
  source: VolumeShape,
  signal?: AbortSignal,
): Promise<void> {
  const { pvc, volume, cluster, namespace, name } = place;
  const mode = source.isBlock === true ? 'Block' : 'Filesystem';
  if (modeOf(pvc) !== mode) {
    throw makeError(place, 'InvalidSpec', `the claim has volumeMode ${modeOf(pvc)}, and its source ${mode}`, {
      hint: 'name another claim as the target, or a new one: it is made as its source is',
    });
  }
  const own = source.capacityBytes === undefined ? undefined : String(source.capacityBytes);
  const wanted = largest([volume.options?.capacity, own]);
  const now = capacityOf(pvc);
  if (wanted === undefined || now === undefined || quantityToBytes(now) >= quantityToBytes(wanted)) return;
  const storageClass = await findStorageClass(place);
  if (storageClass?.allowVolumeExpansion !== true) {
    // A filesystem may have room for all that its source holds; a device has to be as large.
    if (mode === 'Filesystem') return;
    throw makeError(
      place,
      'TargetFull',
      `the claim has ${formatBytes(quantityToBytes(now))}, its source ${formatBytes(quantityToBytes(wanted))}, and its class does not let it grow`,
      { hint: 'name a new claim as the target, or use a class with allowVolumeExpansion' },
    );
  }
  const reference = referTo('PersistentVolumeClaim', namespace, name);
  await cluster.api.patch<PersistentVolumeClaim>(reference, {
    spec: { resources: { requests: { storage: wanted } } },
  });
  // One that is not bound is made as large; one whose filesystem grows when it is mounted does so then.
  if (pvc.status?.phase !== 'Bound') return;
  const how = await waitFor<'grown' | 'waits for a pod'>(
    {
      ...{ cluster, namespace, volume: volume.path, about: [reference] },
      what: `the growth of ${namespace}/${name} to ${wanted}`,
      hint: `look at it: kubectl describe pvc ${name} --namespace ${namespace}`,
      ...(signal && { signal }),
    },
    async () => {
      const found = await cluster.api.read<PersistentVolumeClaim>(reference);
      if (!found) return { failed: 'somebody deleted the claim' };
      const isGrown = quantityToBytes(capacityOf(found) ?? '0') >= quantityToBytes(wanted);
      const waitsForPod = found.status?.conditions?.some(({ type }) => type === 'FileSystemResizePending');
      if (isGrown) return { done: 'grown' };
      return waitsForPod === true ? { done: 'waits for a pod' } : { pending: [] };
    },
  );
  // In a pod that has it mounted already it would grow minutes later.
  if (how === 'waits for a pod') await pods.drop(namespace, name);
}
