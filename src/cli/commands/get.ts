import { Option } from 'commander';
import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sort, SORTS } from '../../model/choose-relationships';
import type { Phase } from '../../model/status';
import type { RelationshipSummary } from '../../model/summary';
import { DOWN_AT, type Health, WARN_AT } from '../../model/health';
import { CHECK_CODES, checkCode, formatCheck, formatUnknown, UNKNOWN_CODE } from '../../client/check';
import { exitCodeOf, tellError } from '../../client/exit-codes';
import { within } from '../../client/within';
import { formatSummaries } from '../format-summaries';
import { parseHealths, parseHostName, parseList, parsePhases, parseText } from '../parse';
import { readSummaries, type Wanted } from '../read-summaries';
import { finish, note, isTable, print, printError, render } from '../output';
import type { OutputOptions } from '../output';
import type { Unknown } from '../../client/temporal-client';
import { printable, terminalWidth } from '../../client/text';

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

function unknownLine({ name, why }: Unknown): string {
  return `${name === null ? '' : `relationship ${name} is not known now: `}${printable(why)}`;
}

const isAll = ({ names, choice }: Wanted) =>
  names.length === 0 && Object.values(choice).every((each) => each === undefined);

const tableOf = (wanted: Wanted, options: GetOptions) => (all: readonly RelationshipSummary[]) =>
  all.length === 0 && !isAll(wanted)
    ? 'no relationship is so: tidemark get lists them all'
    : formatSummaries(all, options.output === 'wide' ? undefined : terminalWidth(), options.labelColumns);

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
    if (isTable(options)) process.stdout.write(`${formatUnknown(name, told.message)}\n`);
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
