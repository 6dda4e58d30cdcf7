import type { Command } from 'commander';
import { ClientError, isWorkflowNotFound } from '../../client/exit-codes';
import type { Step } from '../../client/operation-log';
import { makeOperationId } from '../../model/names';
import { formatDuration } from '../../model/units';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import type { Temporal } from '../../client/temporal-client';
import { formatTable, formatTime, paintState } from '../../client/text';
import type { Cell } from '../../client/text';
import { readEvents } from './history';

interface Log {
  relationship: string;
  workflowId: string;
  steps: Step[];
}

export function register(program: Command): void {
  const command = program
    .command('logs')
    .argument('<name>', 'the relationship')
    .argument(
      '[operation]',
      'one as history names it, like wiki-000004, or a workflow id; by default the last',
    )
    .summary("an operation's steps in order")
    .description(
      'Shows what an operation did or does, step by step: when, on which host, how it ended, and in which words it failed.',
    )
    .action((name: string, operation: string | undefined, options: OutputOptions) =>
      logs(name, operation, options),
    );
  finish(command, ['tidemark logs wiki', 'tidemark logs wiki wiki-000004', 'tidemark logs wiki -o json']);
}

function rowsOf(steps: readonly Step[], indent = ''): Cell[][] {
  return steps.flatMap(({ startedAt, endedAt, what, host, result, attempts, error, steps: within }) => {
    const took = endedAt === null ? '…' : formatDuration(Date.parse(endedAt) - Date.parse(startedAt));
    const again = attempts > 1 ? ` (attempt ${attempts})` : '';
    const told = `${indent}${what}${again}${error === null ? '' : `: ${error}`}`;
    return [
      [formatTime(startedAt), took, host ?? '', result === null ? 'running' : paintState(result), told],
      ...rowsOf(within, `${indent}  `),
    ];
  });
}

function formatLog({ workflowId, steps }: Log): string {
  if (steps.length === 0) return `${workflowId} has not begun a step`;
  return `${workflowId}\n${formatTable(['STARTED', 'TOOK', 'HOST', 'RESULT', 'STEP'], rowsOf(steps))}`;
}

/** What runs now, or ran last. @throws ClientError `NotFound` where nothing ever did */
async function findLast(temporal: Temporal, name: string): Promise<string> {
  const { operation, fetches, drill } = await temporal.status(name);
  const running = operation ?? fetches?.[0] ?? drill;
  if (running) return running.workflowId;
  const events = await readEvents(name, { limit: 100 });
  const last = events.find(({ workflowId, kind }) => workflowId !== null && kind !== 'cancelled')?.workflowId;
  if (typeof last === 'string') return last;
  throw new ClientError('NotFound', `nothing ran in relationship ${name} yet`, {
    hint: `tidemark history ${name}`,
  });
}

/** `wiki-000004` is how syncs are called: any operation may have that number. */
async function find(temporal: Temporal, name: string, operation?: string): Promise<string> {
  if (operation === undefined) return await findLast(temporal, name);
  const sequence = /-(\d{6,})$/.exec(operation)?.[1];
  return sequence !== undefined && operation.startsWith(`${name}-`)
    ? makeOperationId(name, 'sync', Number(sequence))
    : operation;
}

async function logs(name: string, operation: string | undefined, options: OutputOptions): Promise<void> {
  const log = await lazy.temporal().Temporal.use(async (temporal): Promise<Log> => {
    const workflowId = await find(temporal, name, operation);
    try {
      return {
        relationship: name,
        workflowId,
        steps: await lazy.operationLog().readSteps(temporal, workflowId),
      };
    } catch (error) {
      if (!isWorkflowNotFound(error)) throw error;
      throw new ClientError('NotFound', `Temporal has no workflow ${workflowId}`, {
        hint: `it keeps ended ones as long as its namespace says; tidemark history ${name} has what came of it`,
      });
    }
  });
  print(log, options, formatLog);
}
