import type { Command } from 'commander';
import type { PointEntry } from '../../catalog/contract';
import { describeLeftOut } from '../../model/left-out';
import { formatBytes } from '../../model/units';
import { relationshipPath } from '../../api/paths';
import { getJson } from '../../client/http';
import { ClientError } from '../../client/exit-codes';
import { askOthers, formatOthers } from '../others';
import { finish, print } from '../output';
import { parseCount, parseHostName, parseInstant } from '../parse';
import type { OutputOptions } from '../output';
import { formatLeftOut, formatTable, formatTime } from '../../client/text';

interface PointsOptions extends OutputOptions {
  target?: string;
  explain?: boolean;
  others?: boolean;
  on?: string;
  before?: string;
  limit?: number;
}

/** Where nobody says how many. */
const PAGE = 50;

export function register(program: Command): void {
  const command = program
    .command('points')
    .argument('<name>', 'the relationship')
    .summary('what can be recovered')
    .description(
      'Lists the recovery points of a relationship, newest first: the states that can be brought back. What an old primary ' +
        'alone had when it became a copy is marked as diverged. With --others, it lists instead what others keep in the same ' +
        'repository, by their own restic or another relationship: it is asked for there, and can be restored from as well.',
    )
    .option('--target <name>', 'only points of this target')
    .option('--explain', 'show why each is kept')
    .option('--others', 'what others keep in the same repository, newest first')
    .option(
      '--on <host>',
      "of --others: whose agent looks there; by default the source's, or else any of the relationship's that can",
      parseHostName,
    )
    .option('--before <time>', 'of --others: only what was captured before then', parseInstant)
    .option('-n, --limit <count>', `of --others: at most so many (default: ${PAGE})`, parseCount)
    .action((name: string, options: PointsOptions) => points(name, options));
  finish(command, [
    'tidemark points wiki',
    'tidemark points wiki --explain',
    'tidemark points wiki --target beta -o json',
    'tidemark points wiki --target repository --others',
  ]);
}

/** What an old primary had for itself, and no target ever: kept until somebody removes it. */
const isDiverged = ({ keptBecause }: PointEntry) => keptBecause.includes('diverged');

/** What is to be known of it before it is used, where the reasons don't say it. */
function markOf(point: PointEntry, explain: boolean): string {
  if (point.torn) return 'NOT WHOLE?';
  return !explain && isDiverged(point) ? 'diverged' : '';
}

/** That a sync has broken off in the middle of an only copy, told once for each target. */
function formatTorn(entries: readonly PointEntry[]): string[] {
  const targets = new Set(entries.filter(({ torn }) => torn).map(({ target }) => target));
  return [...targets].map(
    (target) =>
      `NOT WHOLE? a sync of ${target} broke off, and it keeps no other copy: what lies there may be of two states until one succeeds`,
  );
}

export function formatPoints(entries: readonly PointEntry[], explain: boolean): string {
  if (entries.length === 0) return 'no recovery points yet';
  const marks = entries.some((point) => markOf(point, explain) !== '');
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
    ...(marks ? [markOf(point, explain)] : []),
  ]);
  return [formatTable(head, rows), ...formatTorn(entries), ...formatLacking(entries)].join('\n');
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

async function others(name: string, options: PointsOptions): Promise<void> {
  const { target, on, before, limit = PAGE } = options;
  const answer = await askOthers(name, {
    ...(target !== undefined && { target }),
    ...(on !== undefined && { host: on }),
    ...(before !== undefined && { before }),
    limit,
  });
  print(answer, options, (found) => formatOthers(found));
}

/** @throws ClientError `WrongUse` where options would be left unheeded */
function checkUse({ others: ofOthers = false, explain, on, before, limit }: PointsOptions): void {
  if (ofOthers && explain) {
    throw new ClientError(
      'WrongUse',
      'Tidemark keeps nothing of what others keep: --explain is not for --others',
    );
  }
  if (!ofOthers && [on, before, limit].some((each) => each !== undefined)) {
    throw new ClientError('WrongUse', '--on, --before and --limit are for --others');
  }
}

async function points(name: string, options: PointsOptions): Promise<void> {
  checkUse(options);
  if (options.others) return await others(name, options);
  const entries = await getJson<PointEntry[]>(relationshipPath(name, '/points'), { target: options.target });
  const marked = entries.map((point) => ({ ...point, diverged: isDiverged(point) }));
  print(marked, options, (found) => formatPoints(found, options.explain ?? false));
}
