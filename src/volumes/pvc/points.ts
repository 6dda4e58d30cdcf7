/** Recovery points of a claim: VolumeSnapshots that bear them as an annotation, and the claim itself for `Direct`. */
import { z } from 'zod';
import type { Instant, Point, Volume } from '../../model/records';
import type { ClusterApi } from '../../hosts/cluster/contract';
import { type PersistentVolumeClaim, SNAPSHOTS, type VolumeSnapshot } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import { PointSchema, pickPoint, withVerified } from '../shared/points';
import { ANNOTATIONS, labelsOf } from './names';
import { listSnapshotsOf } from './own-objects';
import { findPlace, findReadyPlace, type Place, referTo } from './place';
import { referToSnapshot } from './snapshots';

/** A point, and the snapshot that it is; `Direct` has none. */
export interface PointRecord {
  point: Point;
  snapshot?: VolumeSnapshot;
}

const RecordSchema = z.object({ relationship: z.string(), point: PointSchema });

/** The points of `Direct`, by relationship, in an annotation of the claim. Copied onto another claim they say nothing. */
const DirectSchema = z.object({ uid: z.string(), points: z.record(z.string(), PointSchema) });
const DIRECT = `${ANNOTATIONS.point}-direct`;

export const annotatePoint = (relationship: string, point: Point): Record<string, string> => ({
  [ANNOTATIONS.point]: JSON.stringify({ relationship, point }),
});

function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  } catch {
    // Somebody wrote into it: no point of ours, and not ours to remove.
    return undefined;
  }
}

export function recordOf(snapshot: VolumeSnapshot, relationship: string): PointRecord | undefined {
  const record = parse(RecordSchema, snapshot.metadata.annotations?.[ANNOTATIONS.point]);
  // Labels are shortened names.
  return record?.relationship === relationship ? { point: record.point, snapshot } : undefined;
}

/** One that was ready once is whole, whatever else was said of it since. */
export const isWhole = ({ status, metadata }: VolumeSnapshot): boolean =>
  status?.readyToUse === true && metadata.deletionTimestamp === undefined;

/** The whole points, oldest first. */
export async function readRecords(place: Place, relationship: string): Promise<PointRecord[]> {
  const snapshots = (await listSnapshotsOf(place, 'point', relationship)).filter(isWhole);
  const direct = readDirect(place)[relationship];
  const records = [
    ...snapshots.flatMap((snapshot) => recordOf(snapshot, relationship) ?? []),
    ...(direct ? [{ point: direct }] : []),
  ];
  return records.sort(
    ({ point: one }, { point: other }) => one.sequence - other.sequence || (one.id < other.id ? -1 : 1),
  );
}

function readDirect({ pvc }: Place): Record<string, Point> {
  const found = parse(DirectSchema, pvc?.metadata.annotations?.[DIRECT]);
  return found && found.uid === pvc?.metadata.uid ? found.points : {};
}

/** Notes the one point that `Direct` keeps; undefined: that there is none any more. */
export async function writeDirect(
  place: Place,
  relationship: string,
  point: Point | undefined,
): Promise<void> {
  const { cluster, namespace, name, pvc } = place;
  const before = readDirect(place);
  if (!point && !before[relationship]) return;
  const { [relationship]: _former, ...others } = before;
  const points = { ...others, ...(point && { [relationship]: point }) };
  await cluster.api.patch<PersistentVolumeClaim>(referTo('PersistentVolumeClaim', namespace, name), {
    metadata: {
      resourceVersion: pvc?.metadata.resourceVersion,
      annotations: { [DIRECT]: JSON.stringify({ uid: pvc?.metadata.uid, points }) },
    },
  });
}

/** `points` of the volume contract. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  const place = await findPlace(host, volume);
  return (await readRecords(place, relationship)).map(({ point }) => point);
}

/** @throws TidemarkError `PointMissing` where there is no such point. */
export async function findRecord(place: Place, relationship: string, pointId: string): Promise<PointRecord> {
  return pickPoint(place, await readRecords(place, relationship), relationship, pointId);
}

/** `markVerified` of the volume contract. */
export async function markVerified(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
  at: Instant | null,
): Promise<void> {
  const place = await findReadyPlace(host, volume);
  const { point, snapshot } = await findRecord(place, relationship, pointId);
  const marked = withVerified(point, at);
  if (!snapshot) return await writeDirect(place, relationship, marked);
  await place.cluster.api.patch<VolumeSnapshot>(referToSnapshot(place.namespace, snapshot.metadata.name), {
    metadata: { annotations: annotatePoint(relationship, marked) },
  });
}

/** The snapshot that a recovery point is; undefined where it is none, or is not whole. */
export async function findPointSnapshot(
  api: ClusterApi,
  namespace: string,
  { relationship, pointId }: { relationship: string; pointId: string },
): Promise<VolumeSnapshot | undefined> {
  const labels = labelsOf({ role: 'point', relationship });
  const found = await api.list<VolumeSnapshot>({
    apiVersion: SNAPSHOTS,
    kind: 'VolumeSnapshot',
    namespace,
    labels,
  });
  return found.find((each) => isWhole(each) && recordOf(each, relationship)?.point.id === pointId);
}
