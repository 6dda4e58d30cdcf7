import type { Command } from 'commander';
import { hostname, userInfo } from 'node:os';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';

interface ApproveOptions extends OutputOptions {
  by?: string;
}

export function register(program: Command): void {
  const command = program
    .command('approve')
    .argument('<name>', 'the relationship')
    .summary('let through what waits for an approval')
    .description(
      'Approves what waits for it, and shows what that was: a sync that a guard stopped, once; or a failover or relocation, ' +
        'where the spec asks for `approval`. `tidemark describe` shows it before.',
    )
    .option('--by <name>', 'who approves (default: USER@HOST); two approvals must have two names')
    .action((name: string, options: ApproveOptions) => approve(name, options));
  finish(command, ['tidemark approve wiki', 'tidemark approve wiki --by anna']);
}

function whoAmI(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return hostname();
  }
}

async function approve(name: string, options: ApproveOptions): Promise<void> {
  const by = options.by ?? whoAmI();
  const { reason } = await lazy
    .temporal()
    .Temporal.use((temporal) => temporal.update<{ reason: string }>(name, 'approve', { by }));
  print(
    { name, approved: reason, by },
    options,
    () =>
      `approved by ${by}: ${reason}\nit goes on, unless more people must approve: tidemark get ${name} --watch`,
  );
}
