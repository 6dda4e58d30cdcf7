import type { Command } from 'commander';
import { lazy } from './lazy';
import { finish, print } from './output';
import type { OutputOptions } from './output';

interface Switch {
  name: 'pause' | 'resume';
  done: string;
  summary: string;
  description: string;
}

/** A command that sends one update without arguments, to one or more relationships. */
export function registerSwitch(program: Command, { name, done, summary, description }: Switch): void {
  const command = program
    .command(name)
    .argument('<names...>', 'the relationships')
    .summary(summary)
    .description(description)
    .action(async (names: string[], options: OutputOptions) => {
      await lazy.temporal().Temporal.use(async (temporal) => {
        for (const each of names) await temporal.update(each, name);
      });
      const result = names.map((each) => ({ name: each, outcome: done }));
      print(result, options, () => names.map((each) => `relationship ${each} ${done}`).join('\n'));
    });
  finish(command, [`tidemark ${name} wiki`, `tidemark ${name} wiki blog`]);
}
