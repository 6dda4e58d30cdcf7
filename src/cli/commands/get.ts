import { Option } from 'commander';
import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sort, SORTS } from '../../model/choose-relationships';
import type { Phase } from '../../model/status';
import type { RelationshipSummary, TargetSummary } from '../../model/summary';
import { scheduleText, tornText } from '../../model/summary';
import { formatBytes, formatDuration } from '../../model/units';
import { vanishedHint, vanishedText } from '../../model/vanished';
import { DOWN_AT, type Health, isRpoKept, WARN_AT } from '../../model/health';
import { CHECK_CODES, checkCode, formatCheck, formatUnknown, UNKNOWN_CODE } from '../../client/check';
import { exitCodeOf, tellError } from '../../client/exit-codes';
import { within } from '../../client/within';
import { waitingLines } from '../follow-phases';
import { parseHealths, parseHostName, parseList, parsePhases, parseText } from '../parse';
import { readSummaries, type Wanted } from '../read-summaries';
import { finish, note, print, printError, render } from '../output';
import type { OutputOptions } from '../output';
import type { Unknown } from '../../client/temporal-client';
import {
  colors,
  fitPaths,
  formatAge,
  formatTable,
  paintState,
  printable,
  terminalWidth,
} from '../../client/text';
import type { Cell } from '../../client/text';

interface GetOptions extends OutputOptions {
  watch?: boolean;
  check?: boolean;
  selector?: string[];
  status?: Health[];
  phase?: Phase[];
  host?: string;
  search?: string;
  sort: Sort;
  labelColumns?: string[];
}

function wantedOf(names: readonly string[], options: GetOptions): Wanted {
  const { selector: labels, status, phase, host, search, sort } = options;
  return { names, sort, choice: { labels, status, phase, host, search } };
}

const WATCH_EVERY_MS = 2000;
/** Monitoring wants an answer within 10 s of the start of this process, whatever hangs. */
const CHECK_MS = 8000;
const GET_MS = 60_000;

export function register(program: Command): void {
  const command = program
    .command('get')
    .argument('[names...]', 'only these relationships')
    .summary('relationships and how fresh their copies are')
    .description(
      'Lists relationships and how fresh their copies are. With one name and -o json, one object; else a list.',
    )
    .option('-l, --selector <labels>', 'only those with these labels: tier=gold,region', parseList)
    .option('--status <list>', 'only those that are so: up, warn or down', parseHealths)
    .option('--phase <list>', 'only those in these phases: Syncing,Parked', parsePhases)
    .option('--host <name>', 'only those with a side on this host', parseHostName)
    .option('--search <text>', 'only those with this in their name', parseText)
    .addOption(
      new Option('--sort <by>', 'by name, the worst first, or the oldest copy first')
        .choices(SORTS)
        .default('name'),
    )
    .option('-L, --label-columns <keys>', 'a column for each of these labels', parseList)
    .option('-w, --watch', 'show it again every 2 s, until Ctrl-C')
    .addOption(
      new Option('--check', 'for monitoring: a line for each target, and exit codes of their own').conflicts(
        'watch',
      ),
    )
    .action((names: string[], options: GetOptions) => (options.check ? check : get)(names, options));
  finish(command, [
    'tidemark get',
    'tidemark get wiki -o json',
    'tidemark get -l tier=gold --status down,warn --sort lag',
    'tidemark get --watch',
    'tidemark get wiki --check',
  ]);
  command.addHelpText('after', CHECK_HELP);
}

const CHECK_HELP = `
STATUS: up; warn beyond ${WARN_AT} x the rpo of a target, or where its last sync failed; down beyond
${DOWN_AT} x, or never synced. Without an rpo, the longest time between two ticks of its schedule counts.

Exit codes of --check, as Nagios and its kin have them, and no other command:
${Object.entries(CHECK_CODES)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n')}`;

function lagCell(target: TargetSummary): Cell {
  const { lagSeconds } = target;
  const text = lagSeconds === null ? '–' : formatDuration(lagSeconds * 1000);
  return isRpoKept(target) === false ? { text, paint: colors.red } : text;
}

const PAINTS = { up: colors.green, warn: colors.yellow, down: colors.red };

function statusCell({ status }: TargetSummary): Cell {
  return { text: status, paint: PAINTS[status] };
}

function lastSync(summary: RelationshipSummary): string {
  if (!summary.lastSync) return '–';
  const { result, files, bytes, endedAt } = summary.lastSync;
  const done = `${files} changed, ${formatBytes(bytes)} sent`;
  const age = formatAge(endedAt, Date.now(), formatDuration);
  return `${age}: ${result === 'succeeded' ? done : result}`;
}

function nextRunText(nextRun: string | null): string {
  return nextRun ? `in ${formatDuration(Math.max(0, Date.parse(nextRun) - Date.now()))}` : '–';
}

/** The phase, and of an operation that has several the one that it is in. */
function phaseCell({ phase, operation }: RelationshipSummary): Cell {
  const cell = paintState(phase);
  const inner = operation?.waiting ? null : operation?.phase;
  return inner ? { ...cell, text: `${phase}: ${inner}` } : cell;
}

/** What waits for somebody, below the table: what it is, and what to type. */
function attentionLines(summary: RelationshipSummary): string[] {
  const given = summary.targets.flatMap(({ givenUp }) =>
    givenUp === null ? [] : [`${summary.name}: ${givenUp}`],
  );
  const torn = summary.targets.flatMap((target) =>
    target.torn ? [`${summary.name}: ${tornText(summary.name, target.name)}`] : [],
  );
  const trouble = scheduleText(summary);
  return [
    ...(summary.targets.length === 0 ? [`${summary.name}: ${summary.statusReason}`] : []),
    ...switchLines(summary),
    ...(trouble === undefined ? [] : [`${summary.name}: ${trouble}`]),
    ...given,
    ...torn,
  ];
}

/** What a change of the primary waits for, or has left to do. */
function switchLines({ name, takeover, operation, vanished }: RelationshipSummary): string[] {
  if (vanished) return [`${name}: ${vanishedText(vanished)}; ${vanishedHint(name)}`];
  if (operation?.waiting)
    return waitingLines(name, {
      waiting: operation.waiting,
      ...(operation.phase && { phase: operation.phase }),
    }).map((line, index) => (index === 0 ? `${name} ${line}` : line));
  if (!takeover || operation) return [];
  return [
    `${name} has failed over from ${takeover.from} to ${takeover.target}, and ${takeover.from} is no copy yet; once it runs again: tidemark reverse ${name}`,
  ];
}

function labelCell({ labels }: RelationshipSummary, key: string): Cell {
  return Object.hasOwn(labels, key) ? (labels[key] ?? '') : '–';
}

/** Narrower than that, a line has no room for what `tidemark describe` says too. */
const WIDE = 110;

function rowOf(
  summary: RelationshipSummary,
  target: TargetSummary,
  isWide: boolean,
  labels: readonly string[],
): Cell[] {
  const isFirst = summary.targets[0] === target;
  const onFirst = (cell: Cell): Cell => (isFirst ? cell : '');
  return [
    onFirst(summary.name),
    statusCell(target),
    lagCell(target),
    onFirst(phaseCell(summary)),
    onFirst(`${summary.source.host}:${summary.source.volume}`),
    `${target.host}:${target.volume}`,
    ...(isWide ? [paintState(target.result), onFirst(lastSync(summary))] : []),
    // The same for all, unless targets have schedules of their own.
    isFirst || target.nextRun !== summary.targets[0]?.nextRun ? nextRunText(target.nextRun) : '',
    ...labels.map((key) => onFirst(labelCell(summary, key))),
  ];
}

/** A selector means nobody yet. */
function rowWithoutTarget(summary: RelationshipSummary, isWide: boolean, labels: readonly string[]): Cell[] {
  const { name, status, source, selections } = summary;
  return [
    ...[name, { text: status, paint: PAINTS[status] }, '–', phaseCell(summary)],
    `${source.host}:${source.volume}`,
    selections.map(({ selector, volume }) => `${selector}:${volume}`).join(' '),
    ...(isWide ? ['never', lastSync(summary)] : []),
    '–',
    ...labels.map((key) => labelCell(summary, key)),
  ];
}

/** One line per target; the relationship is named in the first. In a terminal, what fits into its width. */
export function formatSummaries(
  summaries: readonly RelationshipSummary[],
  width: number | undefined = terminalWidth(),
  labels: readonly string[] = [],
): string {
  if (summaries.length === 0) return 'no relationships yet: tidemark apply -f FILE makes one';
  const isWide = width === undefined || width >= WIDE;
  const rows = summaries.flatMap((summary) =>
    summary.targets.length === 0
      ? [rowWithoutTarget(summary, isWide, labels)]
      : summary.targets.map((target) => rowOf(summary, target, isWide, labels)),
  );
  const more = isWide ? ['RESULT', 'LAST SYNC'] : [];
  const head = [
    'NAME',
    'STATUS',
    'LAG',
    'PHASE',
    'SOURCE',
    'TARGET',
    ...more,
    'NEXT',
    ...labels.map((key) => key.toUpperCase()),
  ];
  const [, ...fitting] = fitPaths([head, ...rows], width ?? Infinity);
  return [formatTable(head, fitting), ...summaries.flatMap(attentionLines)].join('\n');
}

function unknownLine({ name, why }: Unknown): string {
  return `${name === null ? '' : `relationship ${name} is not known now: `}${printable(why)}`;
}

const isAll = ({ names, choice }: Wanted) =>
  names.length === 0 && Object.values(choice).every((each) => each === undefined);

const tableOf = (wanted: Wanted, options: GetOptions) => (all: readonly RelationshipSummary[]) =>
  all.length === 0 && !isAll(wanted)
    ? 'no relationship is so: tidemark get lists them all'
    : formatSummaries(all, terminalWidth(), options.labelColumns);

async function watch(wanted: Wanted, options: GetOptions): Promise<never> {
  for (;;) {
    const { summaries, unknown } = await readSummaries(wanted, Date.now() + GET_MS);
    const text = [
      render(summaries, options.output, tableOf(wanted, options)),
      ...unknown.map(unknownLine),
    ].join('\n');
    process.stdout.write(process.stdout.isTTY ? `\x1b[H\x1b[2J${text}\n` : `${text}\n\n`);
    await sleep(WATCH_EVERY_MS);
  }
}

async function check(names: readonly string[], options: GetOptions): Promise<void> {
  const [name] = names.length === 1 ? names : [];
  try {
    const until = performance.timeOrigin + CHECK_MS;
    // What hangs where nobody looked at the clock is ended with the process.
    const read = readSummaries(wantedOf(names, options), until);
    const { summaries, unknown } = await within('Temporal', read, until + 500);
    print(summaries, options, (all) => formatCheck(all, unknown));
    process.exitCode = checkCode(summaries, unknown);
  } catch (error) {
    // Whatever is wrong, monitoring must not take it for a copy that is late.
    const told = { ...tellError(error), exitCode: UNKNOWN_CODE } as const;
    if (options.output === 'table') process.stdout.write(`${formatUnknown(name, told.message)}\n`);
    else printError(told, options.output);
    process.exitCode = UNKNOWN_CODE;
  }
}

async function get(names: readonly string[], options: GetOptions): Promise<void> {
  const wanted = wantedOf(names, options);
  if (options.watch) await watch(wanted, options);
  const { summaries, unknown, exitCode } = await readSummaries(wanted, Date.now() + GET_MS);
  const [first] = summaries;
  const toTable = tableOf(wanted, options);
  if (names.length === 1 && first) print(first, options, (summary) => toTable([summary]));
  else print(summaries, options, toTable);
  for (const each of unknown) note(`warning: ${unknownLine(each)}`);
  if (unknown.some((each) => each.name !== null)) process.exitCode = exitCodeOf('Unreachable');
  if (exitCode !== undefined) process.exitCode = exitCode;
}
