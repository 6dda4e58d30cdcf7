import type { Command } from 'commander';
import { hostname, userInfo } from 'node:os';
import type { ApproveAnswer } from '../../api/messages';
import { type Approvals, describeApprovals, missingApprovals } from '../../model/approvals';
import { lazy } from '../lazy';
import { addReason, finish, print } from '../output';
import type { OutputOptions } from '../output';

interface ApproveOptions extends OutputOptions {
  by?: string;
}

export function register(program: Command): void {
  const command = program
    .command('approve')
    .argument('<name>', 'the relationship')
    .summary('approve what waits for an approval')
    .description(
      'Approves what waits for it, and shows what that was: a sync that a guard stopped, once; or a failover or relocation, ' +
        'where the spec asks for `approval`. `tidemark describe` shows it before.',
    )
    .option('--by <name>', 'who approves (default: USER@HOST); two approvals must have two names')
    .action((name: string, options: ApproveOptions) => approve(name, options));
  finish(addReason(command), ['tidemark approve wiki', 'tidemark approve wiki --by anna']);
}

function whoAmI(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return hostname();
  }
}

function nextLine(name: string, approvals: Approvals | undefined): string {
  if (!approvals || missingApprovals(approvals) === 0) return `to follow it: tidemark get ${name} --watch`;
  return `${describeApprovals(approvals)}: tidemark approve ${name} --by THEIR-NAME`;
}

async function approve(name: string, options: ApproveOptions): Promise<void> {
  const by = options.by ?? whoAmI();
  const { reason, approvals } = await lazy
    .temporal()
    .Temporal.use((temporal) => temporal.update<ApproveAnswer>(name, 'approve', { by }));
  print({ name, approved: reason, by, ...(approvals && { approvals }) }, options, () =>
    [`approved by ${by}: ${reason}`, nextLine(name, approvals)].join('\n'),
  );
}
