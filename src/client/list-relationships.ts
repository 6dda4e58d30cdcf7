import type { Client } from '@temporalio/client';
import { parseRelationshipId } from '../model/names';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';

/** How a workflow is, as queries of Temporal call it. */
type ExecutionStatus = 'Running' | 'Terminated' | 'Failed' | 'TimedOut' | 'Canceled';

const PAGE = 1000;

/** Relationships of which a run is so, as far as Temporal remembers; what it lists lags behind by a second or so. */
export async function* listRelationships(
  client: Client,
  statuses: readonly [ExecutionStatus, ...ExecutionStatus[]],
): AsyncGenerator<{ name: string; phase: string | undefined }> {
  const wanted = statuses.map((status) => `'${status}'`).join(', ');
  const query = `WorkflowType = 'relationship' AND ExecutionStatus IN (${wanted})`;
  for await (const { workflowId, typedSearchAttributes } of client.workflow.list({ query, pageSize: PAGE })) {
    const name = parseRelationshipId(workflowId);
    if (name !== undefined) yield { name, phase: typedSearchAttributes.get(SEARCH_ATTRIBUTES.phase) };
  }
}
