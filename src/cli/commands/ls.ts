import type { Command } from 'commander';
import type { Entry, ListPointRequest, Looked, PointListing } from '../../api/points';
import { formatBytes } from '../../model/units';
import { formatTable, formatTime, oneLine } from '../../client/text';
import { askPoints, formatMore, formatNotes, formatRestore, PAGE, targetOption } from '../look-into-points';
import { finish, print } from '../output';
import { parseCount, parseInner } from '../parse';
import type { OutputOptions } from '../output';

interface LsOptions extends OutputOptions {
  point: string;
  target?: string;
  long?: boolean;
  recursive?: boolean;
  after?: string;
  limit: number;
}

export function register(program: Command): void {
  const command = program
    .command('ls')
    .argument('<name>', 'the relationship')
    .argument('[path]', 'a file or folder of the point, by its path in it; by default all of it', parseInner)
    .summary('what a recovery point holds')
    .description(
      'Lists what a recovery point holds, or a folder of it, and changes nothing. Of images, it lists their names. A device is ' +
        'not looked into. It runs beside whatever else the relationship does; the point is not removed meanwhile.',
    )
    .option('--point <id>', 'the recovery point, as `tidemark points` lists it', 'latest')
    .addOption(targetOption())
    .option('-l, --long', 'with mode and owner, and where symlinks lead')
    .option('-r, --recursive', 'with all that is in the folders')
    .option('--after <path>', 'only what comes after this path: the next page')
    .option('-n, --limit <count>', 'at most so many', parseCount, PAGE)
    .action((name: string, path: string | undefined, options: LsOptions) => ls(name, path, options));
  finish(command, [
    'tidemark ls wiki',
    'tidemark ls wiki pages -l --point 20261121T080210Z-000042',
    'tidemark ls wiki --recursive --target beta -o json',
  ]);
}

/** As `ls -F` marks them. */
const MARKS: Partial<Record<Entry['type'], string>> = { folder: '/', pipe: '|', socket: '=' };

const nameOf = ({ path, type, target }: Entry, isLong: boolean) =>
  `${path}${MARKS[type] ?? ''}${isLong && target !== undefined ? ` -> ${target}` : ''}`;

export function formatListing(listing: Looked & PointListing, isLong: boolean): string {
  const { target, point, path, entries, more } = listing;
  const where = path === undefined ? '' : `${oneLine(path)} in `;
  const head = `${where}${point.id} at ${target}, captured ${formatTime(point.capturedAt)}`;
  const rows = entries.map((entry) => [
    ...(isLong ? [entry.mode ?? '–', entry.owner ?? '–'] : []),
    entry.bytes === undefined ? '–' : formatBytes(entry.bytes),
    formatTime(entry.modifiedAt),
    nameOf(entry, isLong),
  ]);
  const titles = [...(isLong ? ['MODE', 'OWNER'] : []), 'SIZE', 'MODIFIED', 'PATH'];
  return [
    head,
    entries.length === 0 ? 'nothing is in it' : formatTable(titles, rows),
    ...formatNotes(listing),
    ...formatMore(entries, more),
    ...formatRestore(listing, entries, () => point.id),
  ].join('\n');
}

async function ls(name: string, path: string | undefined, options: LsOptions): Promise<void> {
  const { point, target, recursive, after, limit } = options;
  const request: ListPointRequest = {
    ...{ pointId: point, limit },
    ...(path !== undefined && { path }),
    ...(target !== undefined && { target }),
    ...(after !== undefined && { after }),
    ...(recursive && { deep: true }),
  };
  const listing = await askPoints<ListPointRequest, PointListing>('listPoint', name, request);
  print(listing, options, (found) => formatListing(found, options.long ?? false));
}
