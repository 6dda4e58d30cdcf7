/** Makes the live replica equal to one of its recovery points. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { COPY, EXCLUDED } from './generation';
import { ALL_BUT_FOLDERS, findForeignLinks, listLinkedNames, type WorkOptions } from './links';
import { withLock } from '../shared/lock';
import { isInside } from '../shared/mounts';
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
    const { tree } = await findRecord(place, relationship, pointId);
    if (tree === undefined) return;
    signal?.throwIfAborted();
    await leavePoints(place, relationship);
    await ensureWritable(place);
    const options = { attempt, ...(signal && { signal }) };
    await copyBack(place, treePath(place, relationship, tree), options);
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
 * Files of equal size and time of modification are taken as equal, as when they were brought here: to the
 * nanosecond, who writes to a file changes its time, and a copy that was cut off has not yet got its own.
 */
async function copyBack(place: ReadyPlace, tree: string, options: WorkOptions): Promise<void> {
  await separateForeignLinks(place, tree, options);
  const excluded = [...EXCLUDED, ...excludeMounts(place)];
  await runTool(place, [...COPY, '--delete', ...excluded, '--', `${tree}/`, `${place.root}/`], options);
}

/** The copying that follows brings them back, each as the file that it is in the tree. */
async function separateForeignLinks(place: ReadyPlace, tree: string, options: WorkOptions): Promise<void> {
  const list = (root: string) => listLinkedNames(place, root, ALL_BUT_FOLDERS, options);
  const foreign = findForeignLinks(await list(place.root), await list(tree));
  if (foreign.length === 0) return;
  const stdin = Buffer.from(foreign.map(({ path }) => `${path}\0`).join(''), 'latin1');
  await runTool(place, ['xargs', '-0', 'rm', '-f', '--'], { ...options, cwd: place.root, stdin });
}

/** What is mounted inside of the volume belongs to others, its own folder too. */
function excludeMounts({ mounts, root }: ReadyPlace): string[] {
  const inside = mounts.filter(({ point }) => point !== root && isInside(point, root));
  return inside.map(({ point }) => {
    const path = point.slice(root.length);
    // rsync takes a backslash as itself where a pattern has no wildcard.
    return `--exclude=${/[*?[]/.test(path) ? path.replaceAll(/[*?[\\]/g, String.raw`\$&`) : path}`;
  });
}
