import type { Command } from 'commander';
import type { RelationshipStatus } from '../../model/status';
import { nextToReverse } from '../../model/takeovers';
import type { OperationStarted, ReverseResult } from '../../api/messages';
import { formatBroughtBack } from '../brought-back';
import { confirm } from '../confirm';
import { ClientError, tellError } from '../../client/exit-codes';
import { followPhases } from '../follow-phases';
import { lazy } from '../lazy';
import { addReason, finish, print } from '../output';
import type { OutputOptions } from '../output';
import type { Temporal } from '../../client/temporal-client';
import { goHomeLine, primaryOf, targetOf } from '../takeover';

interface ReverseOptions extends OutputOptions {
  acceptDiverged?: boolean;
  yes?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('reverse')
    .argument('<name>', 'the relationship')
    .summary('after a failover, make the old primary a copy')
    .description(
      'After a failover: keeps what the old primary alone has as a recovery point, then makes it a copy of the new primary, ' +
        'and replicates to it from there on. Sends about as much as has changed. Where both sides have changed, stops with ' +
        'exit code 3 and says what each has, unless --accept-diverged is given. Asks first.',
    )
    .option(
      '--accept-diverged',
      'both sides changed, and the new primary is right; the other is kept as a point',
    )
    .option('-y, --yes', 'do not ask')
    .action((name: string, options: ReverseOptions) => reverse(name, options));
  finish(addReason(command), ['tidemark reverse wiki', 'tidemark reverse wiki --accept-diverged --yes']);
}

/** What is asked before the old primary is overwritten. */
export function reverseQuestion(status: RelationshipStatus, from: string): string {
  return (
    `Make ${targetOf(status, from)}, the old primary of ${status.name}, a copy of ${primaryOf(status)}? ` +
    'What it alone has is kept first, as a recovery point.'
  );
}

/** That both sides have changed is a state for somebody to judge, and no failure. */
function asRefusal(error: unknown): unknown {
  const { type, message, hint } = tellError(error);
  return type === 'Diverged'
    ? new ClientError(type, message, hint === undefined ? {} : { hint }, { cause: error }, 3)
    : error;
}

async function follow(temporal: Temporal, name: string, workflowId: string): Promise<ReverseResult> {
  try {
    return await followPhases<ReverseResult>(temporal, name, workflowId);
  } catch (error) {
    throw asRefusal(error);
  }
}

async function reverse(name: string, options: ReverseOptions): Promise<void> {
  const { acceptDiverged = false } = options;
  await lazy.temporal().Temporal.use(async (temporal) => {
    const status = await temporal.status(name);
    const takeover = nextToReverse(status.takeover);
    // Without one it is refused, and there is nothing to ask.
    if (!options.yes && takeover) await confirm(reverseQuestion(status, takeover.from));
    const { workflowId } = await temporal.update<OperationStarted>(name, 'reverse', {
      acceptDiverged,
      epoch: status.epoch,
    });
    const result = await follow(temporal, name, workflowId);
    print(result, options, () =>
      [
        `${name} is replicated again, from ${primaryOf(status)}`,
        formatBroughtBack(result),
        ...(takeover ? [goHomeLine(name, takeover.from)] : []),
      ].join('\n'),
    );
  });
}
