/** Waits for the result of an operation. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isWorkflowNotFound } from './exit-codes';
import type { Temporal } from './temporal-client';

/** A relationship names its operation a moment before that has a workflow. */
const STARTED_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 100;

/**
 * The result of an operation's workflow, however long it takes.
 * @throws what the operation failed with
 */
export async function operationResult<Result>(
  { client }: Pick<Temporal, 'client'>,
  workflowId: string,
): Promise<Result> {
  const handle = client.workflow.getHandle(workflowId);
  const until = performance.now() + STARTED_WITHIN_MS;
  for (;;) {
    try {
      return (await handle.result()) as Result;
    } catch (error) {
      if (!isWorkflowNotFound(error) || performance.now() > until) throw error;
      await sleep(ASK_AGAIN_MS);
    }
  }
}
