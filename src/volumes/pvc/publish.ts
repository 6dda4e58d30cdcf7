/** Freezes the live replica as a recovery point, and removes those that are not kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';
import { TICK_SECONDS } from '../../trees/fingerprint';
import type { PublishRequest } from '../contract';
import { withLock } from '../shared/lock';
import { publishOnce } from '../shared/publish-once';
import { makeError } from '../shared/tools';
import type { VolumeSnapshot } from '../../hosts/cluster/objects';
import { changeClaims } from './claims';
import { findStyle } from './find-style';
import { nameImage } from './made-names';
import { isKeptByOthers } from './images';
import { labelsOf, objectName } from './names';
import { listSnapshotsOf } from './own-objects';
import { findPlace, findReadyPlace, modeOf, type Place, type ReadyPlace } from './place';
import { annotatePoint, isWhole, type PointRecord, readRecords, recordOf, writeDirect } from './points';
import type { MoverPods } from './pods';
import { withLive } from './reach';
import { lookAtReplica, rememberReplica } from './replica';
import { referToSnapshot, removeSnapshot, takeSnapshot } from './snapshots';
import { release, type Style } from './style';

const lockKey = ({ host, volume }: Pick<ReadyPlace, 'host' | 'volume'>, relationship: string) =>
  `points:${host.home}:${volume.path}:${relationship}`;

/** What was written within the grain of the clock before a look may change unseen after it. */
const outlastTick = () => sleep(2000 * TICK_SECONDS);

/** `publish` of the volume contract. */
export async function publish(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  request: PublishRequest,
): Promise<Point> {
  const { relationship, stamp, method, signal } = request;
  if (method !== 'Snapshot' && method !== 'Direct') {
    throw makeError({ host, volume }, 'UnsupportedCapture', `a claim's points can't be kept by ${method}`, {
      hint: 'leave copyMethod out, or use Snapshot or Direct',
    });
  }
  const look = async () => {
    const place = await findReadyPlace(host, volume);
    const records = await readRecords(place, relationship);
    return { place, records, points: records.map(({ point }) => point) };
  };
  return await publishOnce(
    lockKey({ host, volume }, relationship),
    stamp.id,
    look,
    async ({ place, records }) => {
      signal?.throwIfAborted();
      const identity = await lookBefore(pods, place, request, records);
      const point: Point = { ...stamp, method, identity };
      if (method === 'Snapshot') await freeze(place, request, point);
      // The live replica has moved on from what `Direct` stood for.
      await changeClaims(host, volume, (now) =>
        writeDirect(now, relationship, method === 'Direct' ? point : undefined),
      );
      return point;
    },
  );
}

/** Looks at the replica and puts it onto its disk. Answers the identity of its state: that of the newest point where it is equal. */
async function lookBefore(
  pods: MoverPods,
  place: ReadyPlace,
  { relationship, stamp, signal }: PublishRequest,
  records: PointRecord[],
): Promise<string> {
  const { syncId, id } = stamp;
  const newest = records.at(-1);
  return await withLive(pods, place, { relationship }, async (reach) => {
    if (modeOf(place.pvc) === 'Block') {
      await runChecked(reach.runner, ['sync', '--', reach.path]);
      return syncId;
    }
    await outlastTick();
    const found = await lookAtReplica(place, reach, relationship, newest?.point.id, signal);
    await rememberReplica(place, relationship, id, found.now);
    return found.equal && newest ? newest.point.identity : syncId;
  });
}

async function freeze(
  place: ReadyPlace,
  { relationship, signal }: PublishRequest,
  point: Point,
): Promise<void> {
  const { cluster, volume } = place;
  const labels = labelsOf({
    ...{ agent: cluster.name, role: 'point', volume: volume.path, relationship },
    syncId: point.syncId,
  });
  const style = await findStyle(place);
  await takeSnapshot(place, {
    name: await nameSnapshot(place, relationship, point, style),
    labels: { ...style?.labels, ...labels },
    ...(style && { ownerReferences: [style.owner] }),
    annotations: annotatePoint(relationship, point),
    ...(signal && { signal }),
  });
}

/** One that people have said they keep, or that something else of theirs has too, is let go of, and stays. */
async function retire(place: Place, snapshot: VolumeSnapshot): Promise<void> {
  const style = await findStyle(place);
  // Whoever reads the status finds it: it goes once that names another one.
  if (style?.image === snapshot.metadata.name) return;
  if (!style || !isKeptByOthers(snapshot, style.owner.uid)) return await removeSnapshot(place, snapshot);
  await place.cluster.api.patch(
    referToSnapshot(place.namespace, snapshot.metadata.name),
    release(snapshot, style.owner.uid),
  );
}

/** As people know it, where nothing else has that name. The same for the same point. */
async function nameSnapshot(
  { cluster, namespace, name, volume }: ReadyPlace,
  relationship: string,
  point: Point,
  style: Style | undefined,
): Promise<string> {
  const own = objectName('point', volume.path, relationship, point.id);
  if (!style) return own;
  const image = nameImage(name, point.publishedAt);
  const found = await cluster.api.read<VolumeSnapshot>(referToSnapshot(namespace, image));
  return !found || recordOf(found, relationship)?.point.id === point.id ? image : own;
}

/** `prune` of the volume contract. */
export async function prune(
  host: Host,
  volume: Volume,
  request: { relationship: string; removePointIds: readonly string[]; signal?: AbortSignal },
): Promise<void> {
  const { relationship, removePointIds, signal } = request;
  await withLock(lockKey({ host, volume }, relationship), async () => {
    const place = await findPlace(host, volume);
    const records = await readRecords(place, relationship);
    for (const { point, snapshot } of records) {
      signal?.throwIfAborted();
      if (!removePointIds.includes(point.id)) continue;
      if (snapshot) await retire(place, snapshot);
      else await changeClaims(host, volume, (now) => writeDirect(now, relationship, undefined));
    }
    // What failed and was left by an attempt that was cut off. One that only says nothing may be a point that its controller
    // has not looked at yet, as after a cluster was restored.
    for (const snapshot of await listSnapshotsOf(place, 'point', relationship)) {
      if (!isWhole(snapshot) && snapshot.status?.error) await removeSnapshot(place, snapshot);
    }
  });
}
