/** Makes the live replica equal to one of its recovery points. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { expose } from './expose';
import { COPY, EXCLUDED } from './generation';
import type { WorkOptions } from '../../trees/linked-names';
import { separateForeignLinks } from '../shared/foreign-links';
import { withLock } from '../shared/lock';
import { mountsBelow } from '../../trees/mounts';
import { findReadyPlace, makeAttempt, type ReadyPlace } from './place';
import {
  findRecord,
  flush,
  type PointRecord,
  readWholeRecords,
  removeRecord,
  treePath,
  writePoint,
} from './points';
import { ensureWritable } from './read-only';
import { lookAtReplica } from './replica';
import { runTool } from '../shared/tools';

/** `rollback` of the volume contract. */
export async function rollback(
  host: Host,
  volume: Volume,
  request: { relationship: string; pointId: string; signal?: AbortSignal },
): Promise<void> {
  const { relationship, pointId, signal } = request;
  const place = await findReadyPlace(host, volume);
  // One mark with publishing: neither may go on beside the other.
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  await withLock(`points:${place.root}:${relationship}`, async () => {
    const record = await findRecord(place, relationship, pointId);
    const { tree } = record;
    if (tree === undefined) return;
    signal?.throwIfAborted();
    await leavePoints(place, relationship);
    await ensureWritable(place);
    const options = { attempt, ...(signal && { signal }) };
    // Of an older point nothing is kept, and of one that came from elsewhere nothing is known.
    const { isKnown, changed } = await lookAtReplica(place, relationship, record, options);
    if (isKnown) await expose(place, changed, options);
    await copyBack(place, treePath(place, relationship, tree), isKnown, options);
    await flush(place);
  });
}

/** Before anything is written, so that no point is taken for what the replica holds. */
export async function leavePoints(place: ReadyPlace, relationship: string): Promise<void> {
  const isDirect = ({ point }: PointRecord) => point.method === 'Direct';
  const records = await readWholeRecords(place, relationship);
  for (const { point } of records.filter(isDirect)) await removeRecord(place, relationship, point.id);
  const newest = records.findLast((record) => !isDirect(record));
  if (newest && !newest.rolledBack) await writePoint(place, relationship, { ...newest, rolledBack: true });
}

/**
 * Contents are compared, but for files that nobody wrote to since the point was made; what was written to was given a
 * time of its own.
 */
async function copyBack(
  place: ReadyPlace,
  tree: string,
  isExposed: boolean,
  options: WorkOptions,
): Promise<void> {
  await separateForeignLinks(place, place.root, tree, options);
  const excluded = [...EXCLUDED, ...excludeMounts(place)];
  const how = isExposed ? [] : ['--checksum'];
  await runTool(
    place,
    [...COPY, '--delete', ...how, ...excluded, '--', `${tree}/`, `${place.root}/`],
    options,
  );
}

/** What is mounted inside of the volume belongs to others, its own folder too. */
function excludeMounts({ mounts, root }: ReadyPlace): string[] {
  return mountsBelow(mounts, root).map(({ point }) => {
    const path = point.slice(root.length);
    // rsync takes a backslash as itself where a pattern has no wildcard.
    return `--exclude=${/[*?[]/.test(path) ? path.replaceAll(/[*?[\\]/g, String.raw`\$&`) : path}`;
  });
}
