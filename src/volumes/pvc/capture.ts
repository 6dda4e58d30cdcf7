/** Freezes the source, as a snapshot or a clone of which a claim of its own is read, and releases that again. */
import type { Capture } from '../../model/capture';
import type { Volume } from '../../model/records';
import type { DataSource } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import type { CaptureRequest } from '../contract';
import { likeOf, makeClaim } from './copies';
import { LABELS, labelsOf, labelValue, objectName } from './names';
import { discardClaim, listClaimsOf, listSnapshotsOf } from './own-objects';
import { findPlace, findReadyPlace, type ReadyPlace } from './place';
import type { MoverPods } from './pods';
import { fromClaim, fromSnapshot, referToSnapshot, removeSnapshot, takeSnapshot } from './snapshots';

/** `capture` of the volume contract. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  const { syncId, method, relationship, signal } = request;
  if (method === 'Direct') return { syncId, method, path: volume.path, live: true };
  const place = await findReadyPlace(host, volume);
  const { cluster, namespace } = place;
  const name = objectName('capture', volume.path, relationship, syncId);
  const labels = labelsOf({
    ...{ agent: cluster.name, role: 'capture', volume: volume.path },
    ...{ relationship, syncId },
  });
  const { dataSource, atLeast } =
    method === 'Snapshot' ? await freeze(place, { name, labels, ...(signal && { signal }) }) : cloneOf(place);
  const like = likeOf(place);
  try {
    await makeClaim(place, {
      ...like,
      ...{ name, labels, dataSource, atLeast: [...like.atLeast, ...atLeast] },
      ...(signal && { signal }),
    });
  } catch (error) {
    // Of no use without its claim; the next attempt freezes anew.
    if (!signal?.aborted && method === 'Snapshot')
      await cluster.api.remove(referToSnapshot(namespace, name)).catch(() => undefined);
    throw error;
  }
  return { syncId, method, path: `${namespace}/${name}`, live: false };
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

/** `release` of the volume contract: found by labels, and nothing else. */
export async function release(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  { relationship, keepSyncIds }: { relationship: string; keepSyncIds: readonly string[] },
): Promise<void> {
  const place = await findPlace(host, volume);
  const kept = keepSyncIds.map(labelValue);
  const isDue = ({ metadata }: { metadata: { labels?: Readonly<Record<string, string>> } }) =>
    !kept.includes(metadata.labels?.[LABELS.sync] ?? '');
  for (const claim of (await listClaimsOf(place, 'capture', relationship)).filter(isDue))
    await discardClaim(pods, place, claim);
  for (const snapshot of (await listSnapshotsOf(place, 'capture', relationship)).filter(isDue))
    await removeSnapshot(place, snapshot);
}
