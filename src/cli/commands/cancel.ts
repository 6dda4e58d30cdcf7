import type { Command } from 'commander';
import type { OperationStarted } from '../../api/messages';
import { tellError } from '../../client/exit-codes';
import { followPhases } from '../follow-phases';
import { lazy } from '../lazy';
import { addReason, finish, print } from '../output';
import type { OutputOptions } from '../output';
import type { DrillOutcome } from '../../model/status';
import type { Temporal } from '../../client/temporal-client';

export function register(program: Command): void {
  const command = program
    .command('cancel')
    .argument('<name>', 'the relationship')
    .summary('cancel the running operation')
    .description(
      'Cancels the running operation, or the drill where nothing else runs, and waits until it has ended. A failover or a relocation is undone; once its target is ' +
        'promoted it can not be undone, and is finished instead; where it is parked then, it ends as it stands.',
    )
    .action((name: string, options: OutputOptions) => cancel(name, options));
  finish(addReason(command), ['tidemark cancel wiki']);
}

interface Ended {
  name: string;
  workflowId: string;
  /** `left`: it had changed the primary by then, and that stays. `finished`: it was too late to end it. */
  outcome: 'cancelled' | 'left' | 'finished' | 'failed';
  /** What could not be undone, or why it failed. */
  message?: string;
}

async function awaitEnd(
  temporal: Temporal,
  name: string,
  workflowId: string,
): Promise<Pick<Ended, 'outcome' | 'message'>> {
  try {
    const ended = await followPhases<Partial<DrillOutcome> | undefined>(temporal, name, workflowId);
    return { outcome: ended?.result === 'cancelled' ? 'cancelled' : 'finished' };
  } catch (error) {
    const { type, message, notUndone } = tellError(error);
    const { takeover } = await temporal.status(name);
    if (takeover?.workflowId === workflowId) return { outcome: 'left', message };
    if (type !== 'Cancelled') return { outcome: 'failed', message };
    return { outcome: 'cancelled', ...(notUndone && { message }) };
  }
}

/** How it ended, in words that hold for its kind. */
export function formatCancelled({ name, workflowId, outcome, message }: Ended): string {
  const hasUndo = /\/(failover|relocate)\/\d+$/.test(workflowId);
  const words = {
    cancelled:
      hasUndo && message === undefined ? 'was cancelled, and what it had done is undone' : 'was cancelled',
    left: `was left as it stands, the new primary staying one (tidemark describe ${name} says how to go on)`,
    finished: 'was finished: it could not be undone any more',
    failed: 'has failed',
  };
  return `${workflowId} ${words[outcome]}${message === undefined ? '' : `: ${message}`}`;
}

async function cancel(name: string, options: OutputOptions): Promise<void> {
  const ended = await lazy.temporal().Temporal.use(async (temporal): Promise<Ended> => {
    const { workflowId } = await temporal.update<OperationStarted>(name, 'cancel');
    return { name, workflowId, ...(await awaitEnd(temporal, name, workflowId)) };
  });
  print(ended, options, formatCancelled);
}
