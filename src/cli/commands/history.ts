import { type Command, Option } from 'commander';
import type { EventEntry, EventsPage, SyncEntry, TargetEntry } from '../../catalog/contract';
import { tellActor } from '../../model/actor';
import { EVENT_KINDS } from '../../model/events';
import { formatDuration } from '../../model/units';
import { ClientError } from '../../client/exit-codes';
import { relationshipPath } from '../../api/paths';
import { getJson } from '../../client/http';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { parseCount, parseSince, parseWords } from '../parse';
import { formatSent, formatTable, formatTime, paintState } from '../../client/text';
import type { Cell } from '../../client/text';

export const KINDS = ['sync', ...EVENT_KINDS] as const;

export interface EventsOptions extends OutputOptions {
  limit: number;
  kind?: EventEntry['kind'][];
  since?: string;
  all?: boolean;
}

/** Adds what chooses events. */
export function addChoiceOfEvents(command: Command): Command {
  return command
    .option('-n, --limit <count>', 'at most so many', parseCount, 20)
    .addOption(
      new Option('--kind <kinds>', `only these, of ${KINDS.join(', ')}`).argParser(parseWords(KINDS)),
    )
    .option('--since <time>', 'what began since: 2d, 12h, or a time', parseSince);
}

export function register(program: Command): void {
  const command = addChoiceOfEvents(
    program
      .command('history')
      .argument('[name]', 'the relationship')
      .summary('all that happened, who asked, and what came of it')
      .description(
        'Lists the syncs of a relationship and whatever else happened to it, newest first; also of one that was deleted.',
      )
      .option('--all', 'of all relationships'),
  ).action((name: string | undefined, options: EventsOptions) => history(name, options));
  finish(command, [
    'tidemark history wiki',
    'tidemark history wiki --kind failover,reverse,drill',
    'tidemark history --all --since 2d -o json',
  ]);
}

function targetCells(target: TargetEntry | undefined): Cell[] {
  if (!target) return ['–', '', '', '', '', ''];
  const why = target.errorType ? `${target.errorType}: ${(target.error ?? '').split('\n')[0]}` : '';
  return [
    target.name,
    paintState(target.result),
    formatSent(target.bytesSent, target.reachedBytes),
    target.filesChanged === null ? '–' : String(target.filesChanged),
    String(target.attempts),
    why,
  ];
}

function syncRows(entry: SyncEntry, who: string): Cell[][] {
  const targets = entry.targets.length > 0 ? entry.targets : [undefined];
  return targets.map((target, index): Cell[] => {
    const cells = targetCells(target);
    if (!target) cells[5] = `${entry.errorType ?? entry.result}: ${entry.error ?? ''}`;
    const mine = index === 0;
    return [
      mine ? entry.syncId : '',
      mine ? formatTime(entry.startedAt) : '',
      mine ? formatDuration(Date.parse(entry.endedAt) - Date.parse(entry.startedAt)) : '',
      mine ? who : '',
      ...cells,
    ];
  });
}

/** Who asked, and why: of a sync that nobody asked for, its own reason. */
export function tellWho({ actor, sync }: Pick<EventEntry, 'actor' | 'sync'>): string {
  const isAsked = actor.via !== 'schedule' && actor.via !== 'itself';
  const who = isAsked ? tellActor(actor) : '';
  if (!sync) return tellActor(actor);
  return who === '' ? sync.reason : `${sync.reason} by ${who}`;
}

/** What came of it, what it changed, and why somebody wanted it. */
export function tellEvent({ text, changes, actor }: Pick<EventEntry, 'text' | 'changes' | 'actor'>): string {
  const why = actor.reason === undefined ? '' : `(${actor.reason})`;
  return [text, changes.join('; '), why].filter((part) => part !== '').join(' ');
}

export function tookText({ at, endedAt }: Pick<EventEntry, 'at' | 'endedAt'>): string {
  return endedAt === null ? '…' : formatDuration(Date.parse(endedAt) - Date.parse(at));
}

function eventRows(event: EventEntry): Cell[][] {
  if (event.sync) return syncRows(event.sync, tellWho(event));
  const { kind, at, target, result } = event;
  const came: Cell = result === null ? 'running' : paintState(result);
  return [
    [kind, formatTime(at), tookText(event), tellWho(event), target ?? '', came, '', '', '', tellEvent(event)],
  ];
}

/** One line per event, of a sync one per target. */
export function formatHistory(events: readonly EventEntry[], withNames = false): string {
  if (events.length === 0) return 'nothing yet';
  const head = [
    'WHAT',
    'STARTED',
    'TOOK',
    'WHY',
    'TARGET',
    'RESULT',
    'SENT',
    'CHANGED',
    'ATTEMPTS',
    'DETAILS',
  ];
  const rows = events.flatMap((event) =>
    eventRows(event).map((row, index) => [
      ...(withNames ? [index === 0 ? event.relationship : ''] : []),
      ...row,
    ]),
  );
  return formatTable([...(withNames ? ['RELATIONSHIP'] : []), ...head], rows);
}

/** For programs: of a sync what is recorded of it, with its kind and who asked. */
export function plainEvent({ sync, ...event }: EventEntry): object {
  return sync ? { kind: event.kind, actor: event.actor, ...sync } : event;
}

/** @param name undefined: of all relationships */
export async function readEvents(
  name: string | undefined,
  { limit, kind, since }: Pick<EventsOptions, 'limit' | 'kind' | 'since'>,
): Promise<EventEntry[]> {
  const path = name === undefined ? '/v1/events' : relationshipPath(name, '/events');
  const { events } = await getJson<EventsPage>(path, { limit, kind, since });
  return events;
}

async function history(name: string | undefined, options: EventsOptions): Promise<void> {
  if ((name === undefined) !== (options.all === true)) {
    const message =
      name === undefined
        ? 'which relationship? name it, or give --all'
        : 'a name and --all exclude each other';
    throw new ClientError('WrongUse', message, { hint: 'tidemark history --help' });
  }
  const events = await readEvents(name, options);
  const toText = (all: EventEntry[]) => formatHistory(all, name === undefined);
  print(events, options, toText, (all) => all.map(plainEvent));
}
