/** What a relationship knew whose workflow was ended: it goes on from there. */
import type { Client } from '@temporalio/client';
import { isSwitch } from '../../model/document-change';
import { makeRelationshipId } from '../../model/names';
import { neverBegan } from '../../client/find-vanished';
import { vanishedBy } from '../../model/vanished';
import { carriedQuery } from '../../api/messages';
import type { FailoverResult } from '../../api/messages';
import type { RelationshipState } from '../../model/relationship-state';
import type { ControlActivities } from './contract';

/** How long a change of the primary may take to be undone, or finished, that lost its relationship. */
const SETTLED_WITHIN_MS = 60_000;

/** The run before this one, where nobody deleted it. */
async function findFormerRun(client: Client, name: string, runId: string): Promise<string | undefined> {
  const query = `WorkflowId = '${makeRelationshipId(name)}'`;
  for await (const run of client.workflow.list({ query })) {
    if (run.runId === runId) continue;
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    const { status, closeTime } = await handle.describe();
    if (await neverBegan(handle, status.name)) continue;
    // The newest comes first: one that was deleted ends what was before.
    return vanishedBy(status.name, closeTime) && run.runId;
  }
  return undefined;
}

/** What a change of the primary came to that was running then; undefined where it was undone. */
async function endOfSwitch(
  client: Client,
  { operation }: RelationshipState,
): Promise<Pick<FailoverResult, 'takeover' | 'epoch'> | undefined> {
  if (!operation || !isSwitch(operation.kind)) return undefined;
  const handle = client.workflow.getHandle(operation.workflowId);
  try {
    const result: unknown = await client.withDeadline(Date.now() + SETTLED_WITHIN_MS, () => handle.result());
    const { takeover, epoch } = result as Partial<FailoverResult>;
    return takeover && epoch !== undefined ? { takeover, epoch } : undefined;
  } catch {
    return undefined;
  }
}

/** The state of a relationship when its workflow was ended; undefined where there was none, or it was deleted. */
export async function recall(
  client: Client,
  { relationship, runId }: Parameters<ControlActivities['recall']>[0],
): ReturnType<ControlActivities['recall']> {
  const former = await findFormerRun(client, relationship, runId);
  if (former === undefined) return undefined;
  const handle = client.workflow.getHandle(makeRelationshipId(relationship), former);
  // One that can't be asked any more, since its code has changed too much, is started again.
  const state = await handle.query(carriedQuery).catch(() => undefined);
  if (!state?.document) return undefined;
  const ended = await endOfSwitch(client, state);
  return { state, ...(ended && { ended }) };
}
