/** An agent tells what labels it has: at its start, and from time to time, since whoever keeps them may lose them. */
import { Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AgentToldInput } from '../api/messages';
import { agentToldStart } from '../client/agent-told';
import { formatLabels, type Labels } from '../model/labels';

const AGAIN_AFTER_MS = 30 * 60_000;
const LONGEST_WAIT_MS = 30_000;

interface Place {
  connection: NativeConnection;
  namespace: string;
}

/** Tells until it is heard, and again every half hour. @returns when `stopped` says so */
export async function tellLabels(
  { connection, namespace }: Place,
  { host, labels }: { host: string; labels: Labels },
  log: Logger,
  stopped: AbortSignal,
): Promise<void> {
  const client = new Client({ connection, namespace });
  const rest = (ms: number) => sleep(ms, undefined, { signal: stopped, ref: false }).catch(() => undefined);
  const input: AgentToldInput = { host, labels };
  let isFirst = true;
  for (let waitMs = 500; !stopped.aborted;) {
    try {
      await client.workflow.start('agentTold', agentToldStart(input, isFirst));
      if (isFirst) log.info({ labels: formatLabels(labels) }, 'told the labels of this host');
      isFirst = false;
      waitMs = 500;
      await rest(AGAIN_AFTER_MS);
    } catch (error) {
      // What this agent told last is still on its way.
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        await rest(AGAIN_AFTER_MS);
        continue;
      }
      if (stopped.aborted) return;
      log.warn({ err: error }, 'labels could not be told, trying again');
      await rest(waitMs);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  }
}
