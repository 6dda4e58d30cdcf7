import type { Command } from 'commander';
import { hostname, userInfo } from 'node:os';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';

export function register(program: Command): void {
  const command = program
    .command('approve')
    .argument('<name>', 'the relationship')
    .summary('let through what a guard stopped')
    .description(
      'Lets the sync through that a guard stopped, once, and shows what was approved. `tidemark describe` shows it before.',
    )
    .action((name: string, options: OutputOptions) => approve(name, options));
  finish(command, ['tidemark approve wiki']);
}

function whoAmI(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return hostname();
  }
}

async function approve(name: string, options: OutputOptions): Promise<void> {
  const { reason } = await lazy
    .temporal()
    .Temporal.use((temporal) => temporal.update<{ reason: string }>(name, 'approve', { by: whoAmI() }));
  print(
    { name, approved: reason },
    options,
    () => `approved: ${reason}\nthe sync starts now; see it end: tidemark get ${name} --watch`,
  );
}
