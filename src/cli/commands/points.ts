import type { Command } from 'commander';
import type { PointEntry } from '../../catalog/contract';
import { formatBytes } from '../../model/units';
import { getJson, relationshipPath } from '../http';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { formatTable, formatTime } from '../text';

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
      'Lists the recovery points of a relationship, newest first: the states that can be brought back.',
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

export function formatPoints(entries: readonly PointEntry[], explain: boolean): string {
  if (entries.length === 0) return 'no recovery points yet';
  const head = [
    'POINT',
    'TARGET',
    'CAPTURED',
    'SIZE',
    'ENTRIES',
    'VERIFIED',
    ...(explain ? ['KEPT BECAUSE'] : []),
  ];
  const rows = entries.map((point) => [
    point.id,
    point.target,
    formatTime(point.capturedAt),
    formatBytes(point.bytes),
    String(point.files),
    formatTime(point.verified),
    ...(explain ? [point.keptBecause.join(', ')] : []),
  ]);
  return formatTable(head, rows);
}

async function points(name: string, options: PointsOptions): Promise<void> {
  const entries = await getJson<PointEntry[]>(relationshipPath(name, '/points'), { target: options.target });
  print(entries, options, (found) => formatPoints(found, options.explain ?? false));
}
