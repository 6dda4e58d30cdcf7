/** Freezes the source, as a snapshot or a clone of which a claim of its own is read, and releases that again. */
import type { Capture } from '../../model/capture';
import type { CaptureMethod, Volume } from '../../model/records';
import type { ClusterObject, DataSource } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import type { CaptureRequest } from '../contract';
import { likeOf, makeClaim } from './copies';
import { awaitCopyTrigger } from './copy-trigger';
import { LABELS, labelsOf, labelValue, objectName, type ObjectRole } from './names';
import { discardClaim, listClaimsOf, listSnapshotsOf } from './own-objects';
import { findStyle } from './find-style';
import { findPlace, findReadyPlace, type Place, type ReadyPlace, referTo } from './place';
import type { MoverPods } from './pods';
import { fromClaim, fromSnapshot, referToSnapshot, removeSnapshot, takeSnapshot } from './snapshots';

/** `capture` of the volume contract. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  const { syncId, method, relationship, signal } = request;
  if (method === 'Direct') return { syncId, method, path: volume.path, live: true };
  const place = await findReadyPlace(host, volume);
  const isAsked = volume.options?.madeFor !== undefined;
  const tellCopied = isAsked ? await awaitCopyTrigger(place, signal) : undefined;
  const name = await makeFrozen(place, 'capture', { relationship, syncId, method, signal });
  await tellCopied?.();
  return { syncId, method, path: `${place.namespace}/${name}`, live: false };
}

interface FrozenRequest {
  relationship: string;
  syncId: string;
  method: CaptureMethod;
  signal: AbortSignal | undefined;
}

/** What a frozen copy is called: the same for one use of one volume. */
export const nameFrozen = (
  { volume }: Pick<Place, 'volume'>,
  role: ObjectRole,
  { relationship, syncId }: Pick<FrozenRequest, 'relationship' | 'syncId'>,
) => objectName(role, volume.path, relationship, syncId);

/** A claim with what the volume holds now; of a second call for the same use, the same. Answers its name. */
export async function makeFrozen(
  place: ReadyPlace,
  role: ObjectRole,
  { relationship, syncId, method, signal }: FrozenRequest,
): Promise<string> {
  const { cluster, namespace, volume } = place;
  const style = role === 'capture' ? await findStyle(place) : undefined;
  const labels = {
    ...style?.labels,
    ...labelsOf({ agent: cluster.name, role, volume: volume.path, relationship, syncId }),
  };
  const own = nameFrozen(place, role, { relationship, syncId });
  const name = style && (await isFree(place, style.capture, syncId)) ? style.capture : own;
  const ownerReferences = style && [style.owner];
  const { dataSource, atLeast } =
    method === 'Snapshot'
      ? await freeze(place, {
          ...{ name, labels, ...(ownerReferences && { ownerReferences }) },
          ...(signal && { signal }),
        })
      : cloneOf(place);
  const like = likeOf(place);
  try {
    await makeClaim(place, {
      ...like,
      ...{ name, labels, dataSource, atLeast: [...like.atLeast, ...atLeast] },
      ...(ownerReferences && { ownerReferences }),
      ...(signal && { signal }),
    });
  } catch (error) {
    // Of no use without its claim; the next attempt freezes anew.
    if (!signal?.aborted && method === 'Snapshot')
      await cluster.api.remove(referToSnapshot(namespace, name)).catch(() => undefined);
    throw error;
  }
  return name;
}

/** Nothing of that name is there but what an attempt of this very sync has made. */
async function isFree({ cluster, namespace }: Place, name: string, syncId: string): Promise<boolean> {
  const found = await Promise.all([
    cluster.api.read<ClusterObject>(referToSnapshot(namespace, name)),
    cluster.api.read<ClusterObject>(referTo('PersistentVolumeClaim', namespace, name)),
  ]);
  return found.every((each) => !each || each.metadata.labels?.[LABELS.sync] === labelValue(syncId));
}

interface Frozen {
  dataSource: DataSource;
  atLeast: (string | undefined)[];
}

async function freeze(place: ReadyPlace, wanted: Parameters<typeof takeSnapshot>[1]): Promise<Frozen> {
  const { metadata, status } = await takeSnapshot(place, wanted);
  return { dataSource: fromSnapshot(metadata.name), atLeast: [status?.restoreSize] };
}

const cloneOf = ({ name }: ReadyPlace): Frozen => ({ dataSource: fromClaim(name), atLeast: [] });

/** Removes frozen copies: found by labels, and nothing else. */
export async function removeFrozen(
  pods: MoverPods,
  place: Place,
  { role, relationship }: { role: ObjectRole; relationship: string },
  isDue: (metadata: ClusterObject['metadata']) => boolean,
): Promise<void> {
  for (const claim of await listClaimsOf(place, role, relationship))
    if (isDue(claim.metadata)) await discardClaim(pods, place, claim);
  for (const snapshot of await listSnapshotsOf(place, role, relationship))
    if (isDue(snapshot.metadata)) await removeSnapshot(place, snapshot);
}

/** `release` of the volume contract. */
export async function release(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  { relationship, keepSyncIds }: { relationship: string; keepSyncIds: readonly string[] },
): Promise<void> {
  const kept = keepSyncIds.map(labelValue);
  const isDue = ({ labels }: ClusterObject['metadata']) => !kept.includes(labels?.[LABELS.sync] ?? '');
  await removeFrozen(pods, await findPlace(host, volume), { role: 'capture', relationship }, isDue);
}
