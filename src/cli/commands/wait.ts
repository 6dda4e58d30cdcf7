import { type Command, InvalidArgumentError } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, TIMED_OUT } from '../../client/exit-codes';
import type { RelationshipSummary } from '../../model/summary';
import { durationToMs, formatDuration, isDuration } from '../../model/units';
import { type Condition, CONDITIONS, parseCondition } from '../../model/wait-for';
import { addChoiceOfNames, chooseNames, type NamesOptions } from '../choose-names';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { readSummaries } from '../read-summaries';

const LOOK_EVERY_MS = 1000;
const LOOK_MS = 30_000;

interface WaitOptions extends OutputOptions, NamesOptions {
  for: { text: string; holds: Condition };
  timeout: string;
}

function parseFor(text: string): WaitOptions['for'] {
  const condition = parseCondition(text);
  if ('problem' in condition) throw new InvalidArgumentError(`For this, ${condition.problem}.`);
  return { text, holds: condition };
}

function parseTimeout(text: string): string {
  if (isDuration(text)) return text;
  throw new InvalidArgumentError('It must be a duration, like 90s, 15m or 1h.');
}

export function register(program: Command): void {
  const command = addChoiceOfNames(program.command('wait'))
    .summary('until relationships are as you want them')
    .description(
      `Waits until relationships are so: ${CONDITIONS.join(', ')}. synced: a sync has succeeded since the waiting began; in-step: every target has what was promised.`,
    )
    .requiredOption('--for <condition>', 'what to wait for', parseFor)
    .option('--timeout <duration>', 'so long at most', parseTimeout, '10m')
    .action((names: string[], options: WaitOptions) => wait(names, options));
  finish(command, [
    'tidemark wait wiki --for idle',
    'tidemark wait -l tier=gold --for status=up --timeout 1h --yes',
    'tidemark wait wiki --for phase=FailedOver',
  ]);
}

async function look(names: readonly string[]): Promise<RelationshipSummary[]> {
  const { summaries, unknown } = await readSummaries(
    { names, choice: {}, sort: 'name' },
    Date.now() + LOOK_MS,
  );
  const [first] = unknown;
  if (first) throw new ClientError('NotFound', first.why);
  return summaries;
}

async function wait(given: readonly string[], options: WaitOptions): Promise<void> {
  const { text, holds } = options.for;
  const names = await chooseNames('wait', given, { ...options, yes: true });
  const until = Date.now() + durationToMs(options.timeout);
  const started = new Map((await look(names)).map((each) => [each.name, each]));
  for (;;) {
    const now = await look(names);
    const waiting = now.filter((each) => !holds(each, started.get(each.name) ?? each));
    if (waiting.length === 0) {
      const result = now.map(({ name, phase, status }) => ({ name, phase, status }));
      print(result, options, () => names.map((name) => `${name}: ${text}`).join('\n'));
      return;
    }
    if (Date.now() > until) {
      const how = waiting.map(({ name, phase, statusReason }) => `${name} is ${phase}: ${statusReason}`);
      const late = `not ${text} after ${formatDuration(durationToMs(options.timeout))}`;
      throw new ClientError('TimedOut', [late, ...how].join('\n'), {}, undefined, TIMED_OUT);
    }
    await sleep(LOOK_EVERY_MS);
  }
}
