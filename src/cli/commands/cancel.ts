import type { Command } from 'commander';
import type { OperationStarted } from '../../workflows/messages';
import { tellError } from '../exit-codes';
import { followPhases } from '../follow-phases';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import type { Temporal } from '../temporal-client';

export function register(program: Command): void {
  const command = program
    .command('cancel')
    .argument('<name>', 'the relationship')
    .summary('end the operation that runs')
    .description(
      'Ends the operation that runs, and waits until it has ended. A failover or a relocation is undone; once its target is ' +
        'promoted it can not be undone, and is finished instead; where it is parked then, it ends as it stands.',
    )
    .action((name: string, options: OutputOptions) => cancel(name, options));
  finish(command, ['tidemark cancel wiki']);
}

/** How the operation ended: `finished`, where it was too late. */
async function awaitEnd(
  temporal: Temporal,
  name: string,
  workflowId: string,
): Promise<{ outcome: 'cancelled' | 'finished' | 'failed'; message?: string }> {
  try {
    await followPhases(temporal, name, workflowId);
    return { outcome: 'finished' };
  } catch (error) {
    const { type, message } = tellError(error);
    return type === 'Cancelled' ? { outcome: 'cancelled' } : { outcome: 'failed', message };
  }
}

const WORDS = {
  cancelled: 'was cancelled, and what it had done is undone',
  finished: 'was finished: it could not be undone any more',
  failed: 'has failed',
};

async function cancel(name: string, options: OutputOptions): Promise<void> {
  const ended = await lazy.temporal().Temporal.use(async (temporal) => {
    const { workflowId } = await temporal.update<OperationStarted>(name, 'cancel');
    return { name, workflowId, ...(await awaitEnd(temporal, name, workflowId)) };
  });
  print(
    ended,
    options,
    ({ workflowId, outcome, message }) =>
      `${workflowId} ${WORDS[outcome]}${message === undefined ? '' : `: ${message}`}`,
  );
}
