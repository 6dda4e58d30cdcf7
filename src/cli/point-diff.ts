/** `tidemark diff NAME --point A`: what changed between two recovery points, or since one. */
import type { Change, DiffPointsRequest, Looked, PointRef, PointsDiff } from '../api/points';
import { formatBytes, formatEntries } from '../model/units';
import { formatTable, formatTime, oneLine } from '../client/text';
import { askPoints, formatMore, formatNotes } from './look-into-points';
import { print } from './output';
import type { OutputOptions } from './output';

export interface PointDiffOptions extends OutputOptions {
  /** The earlier point, and the later one, where two are named. */
  point: string[];
  target?: string;
  after?: string;
  limit: number;
}

const MARKS: Record<Change['change'], string> = { added: '+', removed: '-', changed: '~' };

const sizeOf = (bytes: number | undefined) => (bytes === undefined ? '' : formatBytes(bytes));

const describe = (point: PointRef | null) =>
  point ? `${point.id}, captured ${formatTime(point.capturedAt)}` : 'the live replica';

export function formatPointsDiff(diff: Looked & PointsDiff): string {
  const { target, before, after, path, byDigest, counts, changes, more } = diff;
  const rows = changes.map(({ path: changed, change, type, what = [], bytes = {} }) => [
    MARKS[change],
    sizeOf(bytes.before),
    sizeOf(bytes.after),
    what.join(','),
    `${changed}${type === 'folder' ? '/' : ''}`,
  ]);
  const { added, removed, changed } = counts;
  const total = (['added', 'removed', 'changed'] as const)
    .map(
      (change) => `${formatEntries(counts[change].entries)} ${change} (${formatBytes(counts[change].bytes)})`,
    )
    .join(', ');
  const isSame = added.entries + removed.entries + changed.entries === 0;
  const by = `by size, time, permissions, owner${byDigest ? ' and checksum' : ''}`;
  return [
    `${path === undefined ? '' : `${oneLine(path)} at `}${target}, from ${describe(before)}`,
    `to ${describe(after)}, ${by}:`,
    isSame ? 'nothing differs' : formatTable(['', 'BEFORE', 'AFTER', 'WHAT', 'PATH'], rows),
    ...(isSame ? [] : [total]),
    ...formatMore(changes, more),
    ...formatNotes(diff),
  ].join('\n');
}

export async function diffOfPoints(
  name: string,
  path: string | undefined,
  options: PointDiffOptions,
): Promise<void> {
  const { point, target, after, limit } = options;
  const [pointId = 'latest', otherId] = point;
  const request: DiffPointsRequest = {
    ...{ pointId, limit },
    ...(otherId !== undefined && { otherId }),
    ...(path !== undefined && { path }),
    ...(target !== undefined && { target }),
    ...(after !== undefined && { after }),
  };
  const diff = await askPoints<DiffPointsRequest, PointsDiff>('diffPoints', name, request);
  print(diff, options, formatPointsDiff);
}
