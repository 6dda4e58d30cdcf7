import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Catalog } from '../../catalog/contract';
import { SOMEBODY, THE_CLOCK } from '../../model/actor';
import { actAs } from '../../client/act-as';
import { makeRelationshipId } from '../../model/names';
import { REFUSED_BY_STATE, syncUpdate } from '../../api/messages';
import type { ControlActivities } from './contract';
import type { SyncAnswer } from '../../api/messages';
import { notThere } from '../../client/find-vanished';

/** A sync that a tick or a user's own workflow asked for; waits for its end, however long it takes. */
export async function sendSync(
  client: Client,
  catalog: Catalog,
  { relationship, requestId, scheduled, tick, targets }: Parameters<ControlActivities['sendSync']>[0],
): Promise<SyncAnswer> {
  const handle = client.workflow.getHandle(makeRelationshipId(relationship));
  try {
    const signal = Context.current().cancellationSignal;
    const answer = await client.withAbortSignal(signal, () =>
      actAs(scheduled ? THE_CLOCK : SOMEBODY, () =>
        handle.executeUpdate(syncUpdate, {
          // The same request, sent again by a later attempt, joins the first.
          updateId: requestId,
          args: [{ wait: true, scheduled, ...(tick && { tick }), ...(targets && { targets }) }],
        }),
      ),
    );
    if (answer.skipped) await catalog.recordMissedTick(relationship, new Date().toISOString());
    return answer;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw await notThere(client, relationship);
    }
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (cause instanceof ApplicationFailure && cause.type === REFUSED_BY_STATE) {
      return { skipped: cause.message };
    }
    // The relationship has answered: asking again would start another sync.
    if (cause instanceof ApplicationFailure) throw cause;
    throw error;
  }
}
