import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SOMEBODY, THE_CLOCK } from '../../model/actor';
import { actAs } from '../../client/act-as';
import { makeRelationshipId } from '../../model/names';
import type { DrillOutcome } from '../../model/status';
import { drillUpdate } from '../../api/messages';
import type { ControlActivities } from './contract';
import { notThere } from '../../client/find-vanished';

/** A drill that a tick asked for; waits for its end. */
export async function sendDrill(
  client: Client,
  { relationship, requestId, scheduled = false }: Parameters<ControlActivities['sendDrill']>[0],
): Promise<DrillOutcome> {
  const handle = client.workflow.getHandle(makeRelationshipId(relationship));
  const signal = Context.current().cancellationSignal;
  try {
    return await client.withAbortSignal(signal, async () => {
      // The same request, sent again by a later attempt, joins the first.
      const { workflowId } = await actAs(scheduled ? THE_CLOCK : SOMEBODY, () =>
        handle.executeUpdate(drillUpdate, { updateId: requestId, args: [{}] }),
      );
      return (await client.workflow.getHandle(workflowId).result()) as DrillOutcome;
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw await notThere(client, relationship);
    }
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    // The relationship has answered: asking again would change nothing.
    if (cause instanceof ApplicationFailure) throw cause;
    throw error;
  }
}
