import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventEntry } from '../../catalog/contract';
import { finish, print } from '../output';
import { addChoiceOfEvents, type EventsOptions, plainEvent, readEvents, tellEvent, tellWho } from './history';
import { formatTable, formatTime, paintState } from '../../client/text';
import type { Cell } from '../../client/text';

const AGAIN_MS = 2000;
/** In one look for what is new; more within two seconds are seen in the next ones. */
const MOST_AT_ONCE = 1000;

interface WatchOptions extends EventsOptions {
  watch?: boolean;
}

export function register(program: Command): void {
  const command = addChoiceOfEvents(
    program
      .command('events')
      .argument('[name]', 'only of this relationship')
      .summary('what happens everywhere, the newest last')
      .description('Lists what happened to all relationships, or to one, the newest last; a line each.')
      .option('-w, --watch', 'go on with what happens from now on'),
  ).action((name: string | undefined, options: WatchOptions) => events(name, options));
  finish(command, [
    'tidemark events',
    'tidemark events -w --kind failover,drill',
    'tidemark events wiki --since 1h',
  ]);
}

function row(event: EventEntry): Cell[] {
  const { at, relationship, kind, result } = event;
  return [
    formatTime(at),
    relationship,
    kind,
    result === null ? 'running' : paintState(result),
    tellWho(event),
    tellEvent(event),
  ];
}

function format(events: readonly EventEntry[], withHead: boolean): string {
  if (events.length === 0) return withHead ? 'nothing yet' : '';
  return formatTable(
    withHead ? ['WHEN', 'RELATIONSHIP', 'WHAT', 'RESULT', 'WHO', 'DETAILS'] : [],
    events.map(row),
  );
}

/** What is new, or over, since the last look. */
export class Unseen {
  private readonly seen = new Map<string, boolean>();

  /** Oldest first. */
  of(newestFirst: readonly EventEntry[]): EventEntry[] {
    const fresh = newestFirst.filter(({ id, endedAt }) => this.seen.get(id) !== (endedAt !== null));
    // What is not among the newest any more never comes again.
    const still = new Set(newestFirst.map(({ id }) => id));
    for (const id of this.seen.keys()) if (!still.has(id)) this.seen.delete(id);
    for (const { id, endedAt } of fresh) this.seen.set(id, endedAt !== null);
    return fresh.toReversed();
  }
}

async function events(name: string | undefined, options: WatchOptions): Promise<void> {
  const unseen = new Unseen();
  const show = (fresh: EventEntry[], withHead: boolean) => {
    if (fresh.length === 0 && !withHead) return;
    const toText = (all: EventEntry[]) => format(all, withHead);
    print(fresh, options, toText, (all) => all.map(plainEvent));
  };
  show(unseen.of(await readEvents(name, options)), true);
  while (options.watch) {
    await sleep(AGAIN_MS);
    // From what was shown on: what ended since began within these.
    show(unseen.of(await readEvents(name, { ...options, limit: MOST_AT_ONCE })), false);
  }
}
