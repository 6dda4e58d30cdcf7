import type { Command } from 'commander';
import type { FindRequest, FoundVersions, Looked, Version } from '../../api/points';
import { formatBytes, formatCount } from '../../model/units';
import { formatTable, formatTime, oneLine } from '../../client/text';
import { askPoints, formatNotes, formatRestore, PAGE, targetOption } from '../look-into-points';
import { finish, print } from '../output';
import { parseCount, parseInstant, parseText } from '../parse';
import type { OutputOptions } from '../output';

interface FindOptions extends OutputOptions {
  target?: string;
  allPoints?: boolean;
  before?: string;
  limit: number;
}

export function register(program: Command): void {
  const command = program
    .command('find')
    .argument('<name>', 'the relationship')
    .argument(
      '<pattern>',
      'a name, with * for any text and ? for one character; with a slash a whole path, with ** for any folders',
      parseText,
    )
    .summary('which recovery points hold a file')
    .description(
      'Finds files by name in all recovery points of a target, and shows their versions: what they are like, and from which point ' +
        'to which they are there. Versions differ in size, time, or where a symlink leads; where a point notes checksums, in these ' +
        'too. It changes nothing.',
    )
    .addOption(targetOption())
    .option('--all-points', 'a line for each point that holds it, not for each version')
    .option('--before <time>', 'only points that were captured before then', parseInstant)
    .option('-n, --limit <count>', 'at most so many paths', parseCount, PAGE)
    .action((name: string, pattern: string, options: FindOptions) => find(name, pattern, options));
  finish(command, [
    'tidemark find wiki home.md',
    "tidemark find wiki 'pages/**/*.md' --target beta",
    'tidemark find wiki home.md --all-points',
  ]);
}

const sizeOf = ({ bytes, type }: Version) => (bytes === undefined ? type : formatBytes(bytes));

/** Two columns of times and one of points are to fit 80 columns: the zone stands in the head. */
const [SECONDS, MINUTES] = [19, 16];
const shortTime = (time: string | undefined, length: number) => formatTime(time).slice(0, length);
const zoneOf = (time: string | undefined) => formatTime(time).slice(SECONDS);

/** Where in the points, which are newest first, a version is. */
function spanOf({ points }: FoundVersions, { first, last }: Version) {
  const at = (pointId: string) => points.findIndex(({ id }) => id === pointId);
  return { from: at(last), to: at(first) };
}

function rowsOf(found: FoundVersions, versions: readonly Version[], isEach: boolean): string[][] {
  const { points } = found;
  return versions.flatMap((version) => {
    const { from, to } = spanOf(found, version);
    const facts = [sizeOf(version), shortTime(version.modifiedAt, SECONDS)];
    if (isEach) return points.slice(from, to + 1).map(({ id }) => [id, ...facts]);
    return [[...facts, shortTime(points[to]?.capturedAt, MINUTES), version.last]];
  });
}

/** Of a path that the newest point has not: since when. */
function goneLines(found: FoundVersions, [newest]: readonly Version[]): string[] {
  const from = newest ? spanOf(found, newest).from : 0;
  const next = found.points[from - 1];
  return next ? [`  not in ${next.id} any more, captured ${formatTime(next.capturedAt)}`] : [];
}

export function formatFound(found: Looked & FoundVersions, pattern: string, isEach: boolean): string {
  const { points, unread, versions, isCut, target } = found;
  const looked = `${formatCount(points.length, 'recovery point')} of ${target}`;
  const oldest = points.at(-1);
  const modified = `MODIFIED${zoneOf(oldest?.capturedAt)}`;
  const head = isEach ? ['POINT', 'SIZE', modified] : ['SIZE', modified, 'SINCE', 'LAST IN'];
  const byPath = Map.groupBy(versions, ({ path }) => path);
  const blocks = [...byPath].flatMap(([path, own]) => [
    oneLine(path),
    ...formatTable(head, rowsOf(found, own, isEach))
      .split('\n')
      .map((line) => `  ${line}`),
    ...goneLines(found, own),
  ]);
  return [
    ...(blocks.length === 0 ? [`nothing called ${oneLine(pattern)} is in the ${looked}`] : blocks),
    ...(unread > 0
      ? [
          `${formatCount(points.length, 'point')} read, ${unread} older ones not: add --before ${oldest?.capturedAt ?? ''}`,
        ]
      : []),
    ...(isCut ? ['there is more than is shown: narrow the pattern'] : []),
    ...formatNotes(found),
    ...formatRestore(found, versions, ({ last }) => last),
  ].join('\n');
}

async function find(name: string, pattern: string, options: FindOptions): Promise<void> {
  const { target, before, limit } = options;
  const request: FindRequest = {
    ...{ pattern, limit },
    ...(target !== undefined && { target }),
    ...(before !== undefined && { before }),
  };
  const answer = await askPoints<FindRequest, FoundVersions>('findInPoints', name, request);
  print(answer, options, (found) => formatFound(found, pattern, options.allPoints ?? false));
}
