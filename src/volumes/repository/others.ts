/** Snapshots that others made in the same repository, or that are no recovery points: to be restored from, and nothing else. */
import { z } from 'zod';
import type { OtherState } from '../../model/others';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { makeError } from '../shared/tools';
import { type Repository, repositoryAt, runLight } from './restic';
import { makeTag, readTag, type Snapshot, SnapshotSchema, TAGS } from './stamp';

const NAME = /^restic:([0-9a-f]{8,64})$/;
/** Of an id, as restic itself shows it. */
const SHOWN = 8;

const OtherSchema = SnapshotSchema.extend({
  summary: z.object({ total_files_processed: z.number(), total_bytes_processed: z.number() }).optional(),
});
export type OtherSnapshot = z.output<typeof OtherSchema>;

/** True for a name that restic's own id is part of. */
export const isOther = (pointId: string): boolean => pointId.startsWith('restic:');

/** @throws TidemarkError `PointMissing` */
export async function findOtherSnapshot(
  repository: Repository,
  relationship: string,
  name: string,
): Promise<{ snapshot: Snapshot; point: Point }> {
  const id = NAME.exec(name)?.[1];
  const found = id === undefined ? [] : await list(repository, id);
  const [snapshot] = found;
  if (!snapshot || found.length > 1) {
    throw makeError(repository, 'PointMissing', `there is no snapshot ${name}`, {
      hint: `tidemark points ${relationship} --others lists those that there are; at least 8 characters of an id are needed`,
    });
  }
  const { total_files_processed: files = 0, total_bytes_processed: bytes = 0 } = snapshot.summary ?? {};
  const point: Point = {
    ...{ id: name, syncId: '', sequence: 0, bytes, files, method: 'Snapshot' },
    ...{ capturedAt: snapshot.time, publishedAt: snapshot.time },
    identity: `restic:${snapshot.original ?? snapshot.id}`,
  };
  return { snapshot, point };
}

/** Each snapshot is a file of its own, whole or not there: a lock would add nothing but the wait for it. */
async function list(repository: Repository, ...ids: string[]): Promise<OtherSnapshot[]> {
  const { stdout } = await runLight(repository, ['--no-lock', '--json', 'snapshots', ...ids]);
  return z.array(OtherSchema).parse(JSON.parse(stdout.toString()) ?? []);
}

/** `findOther` of the volume contract. */
export async function findOther(
  host: Host,
  volume: Volume,
  relationship: string,
  name: string,
): Promise<Point> {
  return (await findOtherSnapshot(repositoryAt(host, volume), relationship, name)).point;
}

/** What Tidemark notes in its tags is for itself, but for whose a snapshot is. */
function tagsToTell(snapshot: Snapshot): string[] {
  if (!snapshot.tags.includes(TAGS.ours)) return snapshot.tags;
  const owner = readTag(snapshot, TAGS.relationship);
  return [TAGS.ours, ...(owner === undefined ? [] : [makeTag(TAGS.relationship, owner)])];
}

/** Those that are not a relationship's own, by the shortest names that are theirs alone. Pure. */
export function describeOthers(snapshots: readonly OtherSnapshot[], relationship: string): OtherState[] {
  const counts = new Map<string, number>();
  for (const { id } of snapshots) counts.set(id.slice(0, SHOWN), (counts.get(id.slice(0, SHOWN)) ?? 0) + 1);
  return snapshots
    .filter((snapshot) => readTag(snapshot, TAGS.relationship) !== relationship)
    .map((snapshot) => {
      const { id, time, hostname, paths, summary } = snapshot;
      const short = id.slice(0, SHOWN);
      return {
        name: `restic:${counts.get(short) === 1 ? short : id}`,
        capturedAt: new Date(time).toISOString(),
        ...{ from: hostname, paths, tags: tagsToTell(snapshot) },
        ...(summary && { bytes: summary.total_bytes_processed, files: summary.total_files_processed }),
      };
    });
}

/** `listOthers` of the volume contract. */
export async function listOthers(host: Host, volume: Volume, relationship: string): Promise<OtherState[]> {
  return describeOthers(await list(repositoryAt(host, volume)), relationship);
}
