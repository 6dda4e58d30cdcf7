/** Relationships whose selectors mean a host now, or no longer: they look for themselves. */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { reselectSignal } from '../../api/messages';
import type { Catalog } from '../../catalog/contract';
import { isConcerned } from '../../model/selections';
import { makeRelationshipId } from '../../model/names';

/** @returns the names of those that were told */
export async function tellSelectors(client: Client, catalog: Catalog, host: string): Promise<string[]> {
  const [agents, relationships] = await Promise.all([catalog.agents(), catalog.relationships()]);
  const labels = agents.find((agent) => agent.host === host)?.labels ?? null;
  const concerned = relationships.filter(({ document }) => isConcerned(document, host, labels));
  const told: string[] = [];
  for (const { name } of concerned) {
    try {
      await client.workflow.getHandle(makeRelationshipId(name)).signal(reselectSignal);
      told.push(name);
    } catch (error) {
      // It was ended, or deleted just now: applied again, it looks anyway.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return told;
}
