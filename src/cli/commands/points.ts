import type { Command } from 'commander';
import type { PointEntry } from '../../catalog/contract';
import { describeLeftOut } from '../../model/left-out';
import { formatBytes } from '../../model/units';
import { getJson, relationshipPath } from '../../client/http';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { formatLeftOut, formatTable, formatTime } from '../../client/text';

interface PointsOptions extends OutputOptions {
  target?: string;
  explain?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('points')
    .argument('<name>', 'the relationship')
    .summary('what can be recovered')
    .description(
      'Lists the recovery points of a relationship, newest first: the states that can be brought back. What an old primary ' +
        'alone had when it became a copy is marked as diverged.',
    )
    .option('--target <name>', 'only points of this target')
    .option('--explain', 'show why each is kept')
    .action((name: string, options: PointsOptions) => points(name, options));
  finish(command, [
    'tidemark points wiki',
    'tidemark points wiki --explain',
    'tidemark points wiki --target beta -o json',
  ]);
}

/** What an old primary had for itself, and no target ever: kept until somebody removes it. */
const isDiverged = ({ keptBecause }: PointEntry) => keptBecause.includes('diverged');

export function formatPoints(entries: readonly PointEntry[], explain: boolean): string {
  if (entries.length === 0) return 'no recovery points yet';
  // Said in words where the reasons are not shown.
  const marks = !explain && entries.some(isDiverged);
  const head = [
    'POINT',
    'TARGET',
    'CAPTURED',
    'SIZE',
    'ENTRIES',
    'VERIFIED',
    ...(explain ? ['KEPT BECAUSE'] : []),
    ...(marks ? ['MARK'] : []),
  ];
  const rows = entries.map((point) => [
    point.id,
    point.target,
    formatTime(point.capturedAt),
    formatBytes(point.bytes),
    String(point.files),
    formatTime(point.verified),
    ...(explain ? [point.keptBecause.join(', ')] : []),
    ...(marks ? [isDiverged(point) ? 'diverged' : ''] : []),
  ]);
  return [formatTable(head, rows), ...formatLacking(entries)].join('\n');
}

/** What points lack, told once for those of a target that lack the same. */
function formatLacking(entries: readonly PointEntry[]): string[] {
  const lacking = entries.filter(({ leftOut }) => leftOut.length > 0);
  const alike = Map.groupBy(lacking, ({ target, leftOut }) => `${target} ${describeLeftOut(leftOut)}`);
  return [...alike.values()].flatMap((points) => {
    const [newest] = points;
    if (!newest) return [];
    const others = points.length > 1 ? ` and ${points.length - 1} more` : '';
    return formatLeftOut(`left out of ${newest.id} at ${newest.target}${others}`, newest.leftOut);
  });
}

async function points(name: string, options: PointsOptions): Promise<void> {
  const entries = await getJson<PointEntry[]>(relationshipPath(name, '/points'), { target: options.target });
  const marked = entries.map((point) => ({ ...point, diverged: isDiverged(point) }));
  print(marked, options, (found) => formatPoints(found, options.explain ?? false));
}
