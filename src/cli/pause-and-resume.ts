import type { Command } from 'commander';
import { vanishedText } from '../model/vanished';
import { ClientError, tellError } from '../client/exit-codes';
import { inTurns } from '../model/in-turns';
import { addChoiceOfNames, chooseNames, type NamesOptions } from './choose-names';
import { lazy } from './lazy';
import { addReason, finish, print } from './output';
import type { OutputOptions } from './output';
import type { Temporal } from '../client/temporal-client';

interface Switch {
  name: 'pause' | 'resume';
  done: string;
  summary: string;
  description: string;
}

/** @throws ClientError with every name of which there is no relationship that runs: then none is touched */
async function requireAll(temporal: Temporal, names: readonly string[]): Promise<void> {
  if (names.length === 1) return;
  const told = await inTurns(names, 8, async (name) => {
    try {
      const { vanished } = await temporal.status(name);
      return vanished ? [`${name}: ${vanishedText(vanished)}`] : [];
    } catch (error) {
      const { type, message } = tellError(error);
      if (type !== 'NotFound') throw error;
      return [message];
    }
  });
  const problems = told.flat();
  if (problems.length > 0) {
    throw new ClientError('NotFound', problems.join('\n'), { problems, hint: 'tidemark get lists them all' });
  }
}

/** A command that sends one update without arguments, to one or more relationships. */
export function registerSwitch(program: Command, { name, done, summary, description }: Switch): void {
  const command = addChoiceOfNames(program.command(name))
    .summary(summary)
    .description(description)
    .action(async (names: string[], options: OutputOptions & NamesOptions) => {
      const all = await chooseNames(name, names, options);
      await lazy.temporal().Temporal.use(async (temporal) => {
        await requireAll(temporal, all);
        await inTurns(all, 8, (each) => temporal.update(each, name));
      });
      const result = all.map((each) => ({ name: each, outcome: done }));
      print(result, options, () => all.map((each) => `relationship ${each} ${done}`).join('\n'));
    });
  finish(addReason(command), [
    `tidemark ${name} wiki`,
    `tidemark ${name} wiki blog`,
    `tidemark ${name} -l tier=gold`,
  ]);
}
