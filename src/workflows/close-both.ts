import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { TransferId } from '../movers/contract';
import { onHost } from './steps';

/** Closes what a transfer outside a sync has opened on either side. Best effort: landings expire. */
export async function closeBoth(id: TransferId, ...hosts: string[]): Promise<void> {
  const { workflowId } = workflowInfo();
  await CancellationScope.nonCancellable(() =>
    Promise.allSettled(
      [...new Set(hosts)].map((host) =>
        onHost(host, `Close what ${workflowId} opened`, {
          scheduleToStartTimeout: '5s',
          retry: { maximumAttempts: 2 },
        }).closeTransfer({ id }),
      ),
    ),
  );
}
