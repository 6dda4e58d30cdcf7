import type { Command } from 'commander';
import { confirm } from '../confirm';
import { lazy } from '../lazy';
import { addReason, finish, print } from '../output';
import type { OutputOptions } from '../output';

interface DeleteOptions extends OutputOptions {
  yes?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('delete')
    .argument('<name>', 'the relationship')
    .summary('delete a relationship; data and recovery points stay')
    .description(
      'Deletes a relationship and its schedule. Data, recovery points and history stay. Asks first.',
    )
    .option('-y, --yes', 'do not ask')
    .action((name: string, options: DeleteOptions) => remove(name, options));
  finish(addReason(command), ['tidemark delete wiki', 'tidemark delete wiki --yes']);
}

async function remove(name: string, options: DeleteOptions): Promise<void> {
  if (!options.yes) await confirm(`Delete relationship ${name}? Its data and recovery points stay.`);
  await lazy.temporal().Temporal.use((temporal) => temporal.update(name, 'retire'));
  print(
    { name, outcome: 'deleted' },
    options,
    () => `relationship ${name} deleted; its data, recovery points and history stay`,
  );
}
