/** Follows a change of the primary: each phase by name, and what it waits for. */
import type { Operation } from '../model/status';
import { followShown } from './follow-shown';
import type { Temporal } from '../client/temporal-client';
import { formatFields, printable } from '../client/text';

/** What each phase does, for somebody who has never seen one. */
const PHASES: Readonly<Record<string, string>> = {
  Weighing: 'what this would cost',
  WaitingForApproval: 'waiting for approval',
  Quiescing: 'what writes to the primary is stopped',
  Fencing: 'telling the old primary that it is no longer primary',
  Demoting: 'telling the old primary that it is no longer primary',
  Comparing: 'what each side has changed since they were last equal',
  KeepingDiverged: 'what the old primary alone has is kept as a recovery point',
  Syncing: 'what has changed is copied',
  Verifying: 'both sides are compared by checksum',
  RollingBack: 'the target goes back to its recovery point',
  Promoting: 'the target becomes the primary',
  RunningHooks: 'the service is started, where hooks do that',
  Undoing: 'everything is put back as it was',
};

/** In these a target is the primary already: cancelled, it stays that. */
const PROMOTED: readonly (string | undefined)[] = ['RunningHooks'];

/** What to type about an operation that waits for somebody. */
export function waitingLines(
  name: string,
  { waiting, phase }: Pick<Operation, 'waiting' | 'phase'>,
): string[] {
  if (!waiting) return [];
  const isApproval = waiting.for === 'approve';
  const todo: [string, string][] = [
    isApproval
      ? ['to approve:', `tidemark approve ${name} --by YOUR-NAME`]
      : ['once that is mended:', `tidemark resume ${name}`],
    [PROMOTED.includes(phase) ? 'to leave it at that:' : 'to give it up:', `tidemark cancel ${name}`],
  ];
  return [
    `${isApproval ? 'waits' : 'parked'}: ${printable(waiting.text)}`,
    ...formatFields(todo, '  ').split('\n'),
  ];
}

/** Turns what an operation says of itself, time after time, into the lines that are new. */
export function makePhaseTeller(name: string): (operation: Operation | undefined) => string[] {
  let phase: string | undefined;
  let waiting: string | undefined;
  return (operation) => {
    if (!operation) return [];
    const lines: string[] = [];
    if (operation.phase !== undefined && operation.phase !== phase) {
      const words = PHASES[operation.phase];
      lines.push(words === undefined ? operation.phase : `${operation.phase}: ${words}`);
    }
    if (operation.waiting && operation.waiting.text !== waiting) lines.push(...waitingLines(name, operation));
    if (!operation.waiting && waiting !== undefined) lines.push('goes on');
    phase = operation.phase;
    waiting = operation.waiting?.text;
    return lines;
  };
}

/**
 * Follows an operation of a relationship to its end, its phases on stderr. Ctrl-C ends the waiting alone.
 * @throws what the operation failed with.
 */
export async function followPhases<Result>(
  temporal: Temporal,
  name: string,
  workflowId: string,
): Promise<Result> {
  const tell = makePhaseTeller(name);
  return await followShown<Result>(temporal, workflowId, async () => {
    const { operation } = await temporal.status(name);
    return tell(operation?.workflowId === workflowId ? operation : undefined);
  });
}
