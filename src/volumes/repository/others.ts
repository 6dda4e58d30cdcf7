/** Snapshots that others made in the same repository, or that are no recovery points: to be restored from, and nothing else. */
import { z } from 'zod';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { makeError } from '../shared/tools';
import { type Repository, repositoryAt, runLight } from './restic';
import { type Snapshot, SnapshotSchema } from './stamp';

const NAME = /^restic:([0-9a-f]{8,64})$/;

const OtherSchema = SnapshotSchema.extend({
  summary: z.object({ total_files_processed: z.number(), total_bytes_processed: z.number() }).optional(),
});

/** True for a name that restic's own id is part of. */
export const isOther = (pointId: string): boolean => pointId.startsWith('restic:');

/** @throws TidemarkError `PointMissing` */
export async function findOtherSnapshot(
  repository: Repository,
  name: string,
): Promise<{ snapshot: Snapshot; point: Point }> {
  const id = NAME.exec(name)?.[1];
  const found = id === undefined ? [] : await listById(repository, id);
  const [snapshot] = found;
  if (!snapshot || found.length > 1) {
    throw makeError(repository, 'PointMissing', `there is no snapshot ${name}`, {
      hint: 'write restic: and at least 8 characters of its id, as restic snapshots lists it',
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

async function listById(repository: Repository, id: string): Promise<z.output<typeof OtherSchema>[]> {
  const { stdout } = await runLight(repository, ['--no-lock', '--json', 'snapshots', id]);
  return z.array(OtherSchema).parse(JSON.parse(stdout.toString()) ?? []);
}

/** `findOther` of the volume contract. */
export async function findOther(host: Host, volume: Volume, name: string): Promise<Point> {
  return (await findOtherSnapshot(repositoryAt(host, volume), name)).point;
}
