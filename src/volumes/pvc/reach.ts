/** Ways to the states of a claim: each a pod that mounts it, or a copy of it. */
import type { PersistentVolumeClaim } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import type { TransferId } from '../../movers/contract';
import type { Reach } from '../../movers/reach';
import type { State } from '../contract';
import { makeError } from '../shared/tools';
import { freezeToRead, openPoint } from './point-copy';
import { findPlace, findReadyPlace, findUsers, modeOf, type ReadyPlace, referTo } from './place';
import { VOLUME_DEVICE, VOLUME_FOLDER } from './pod-spec';
import { openPodDoor } from './door';
import type { MoverPods, PodRequest } from './pods';

/** A pod for a claim in this place. */
export async function reachClaim(
  pods: MoverPods,
  request: Omit<PodRequest, 'mode'> & { place: ReadyPlace },
): Promise<Reach> {
  const mode = modeOf(request.place.pvc);
  const { open, giveBack } = await pods.use({ ...request, mode });
  const door = openPodDoor(request.place, open);
  return {
    runner: open.runner,
    path: mode === 'Block' ? VOLUME_DEVICE : VOLUME_FOLDER,
    landings: door.landings,
    async close() {
      await door.close();
      giveBack();
    },
  };
}

interface LiveUse {
  relationship?: string;
  /** Where one pod alone may use the volume, and does: a copy of this moment will do, made for this sync. */
  orFrozenFor?: string;
}

/**
 * The live volume, where it is: on the node of whoever uses it, for a volume that no other node may have at the same time.
 * @throws TidemarkError `VolumeBusy` where one pod alone may use it, and does
 */
async function reachLive(
  pods: MoverPods,
  place: ReadyPlace,
  { relationship, orFrozenFor: syncId }: LiveUse,
): Promise<Reach> {
  const modes = place.pvc.status?.accessModes ?? place.pvc.spec.accessModes ?? [];
  const isShared = modes.includes('ReadWriteMany');
  const users = isShared ? [] : await findUsers(place);
  const [user] = users;
  if (user && modes.includes('ReadWriteOncePod')) {
    if (relationship !== undefined && syncId !== undefined) {
      const claimName = await freezeToRead(place, { relationship, syncId });
      return await reachClaim(pods, { place, claimName, readOnly: true, relationship });
    }
    throw makeError(place, 'VolumeBusy', `pod ${user.metadata.name} alone may use it (ReadWriteOncePod)`, {
      hint: 'use copyMethod Snapshot or Clone, or scale down what the pod belongs to',
    });
  }
  const nodeName = users.find(({ spec }) => spec.nodeName !== undefined)?.spec.nodeName;
  return await reachClaim(pods, {
    ...{ place, claimName: place.name, readOnly: false },
    ...(relationship !== undefined && { relationship }),
    ...(nodeName !== undefined && { nodeName }),
  });
}

/** Works on the live volume, and lets go of it however that ends. */
export async function withLive<T>(
  pods: MoverPods,
  place: ReadyPlace,
  options: Pick<LiveUse, 'relationship'>,
  work: (reach: Reach) => Promise<T>,
): Promise<T> {
  const reach = await reachLive(pods, place, options);
  try {
    return await work(reach);
  } finally {
    await reach.close();
  }
}

/** The same for a volume of files; undefined where there are none: it is a device, or was never filled. */
export async function withFiles<T>(
  pods: MoverPods,
  { host, volume }: { host: Host; volume: Volume },
  options: Pick<LiveUse, 'relationship'>,
  work: (place: ReadyPlace, reach: Reach) => Promise<T>,
): Promise<T | undefined> {
  const place = await findPlace(host, volume);
  const { pvc } = place;
  if (pvc?.status?.phase !== 'Bound' || modeOf(pvc) === 'Block') return undefined;
  const ready = { ...place, pvc };
  return await withLive(pods, ready, options, (reach) => work(ready, reach));
}

/** `reach` of the volume contract. */
export async function reach(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  state: State,
  use: TransferId,
): Promise<Reach> {
  const place = await findReadyPlace(host, volume);
  const { relationship } = use;
  if (state.of === 'live')
    return await reachLive(pods, place, { relationship, ...(state.orFrozen && { orFrozenFor: use.syncId }) });
  if (state.of === 'capture') {
    const claimName = await findCapture(place, state.capture.path);
    return await reachClaim(pods, { place, claimName, readOnly: true, relationship });
  }
  const copy = await openPoint(pods, place, state.relationship, state.pointId);
  try {
    const request = { place, claimName: copy.claimName, readOnly: true, relationship };
    const opened = await reachClaim(pods, request);
    return { ...opened, close: () => opened.close().finally(copy.close) };
  } catch (error) {
    await copy.close();
    throw error;
  }
}

/** @throws TidemarkError `VolumeMissing` where the capture is gone */
async function findCapture(place: ReadyPlace, path: string): Promise<string> {
  const { cluster, namespace } = place;
  const name = path.slice(path.indexOf('/') + 1);
  const claim = await cluster.api.read<PersistentVolumeClaim>(
    referTo('PersistentVolumeClaim', namespace, name),
  );
  if (claim && claim.metadata.deletionTimestamp === undefined) return name;
  const hint = 'it resumes by itself with the next sync';
  throw makeError(place, 'VolumeMissing', `the frozen copy ${path} is gone`, { hint });
}
