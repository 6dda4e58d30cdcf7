/** What relationships were applied from, as their users wrote it. */
import { carriedQuery } from '../api/messages';
import { asWritten } from '../model/fan-out';
import { inTurns } from '../model/in-turns';
import { makeRelationshipId } from '../model/names';
import type { Relationship } from '../model/spec';
import { ClientError } from './exit-codes';
import type { Temporal } from './temporal-client';

const AT_ONCE = 8;

/** With all defaults filled in. @throws ClientError `NotFound` of one that does not run */
export async function readDocument(temporal: Temporal, name: string): Promise<Relationship> {
  // That it is there, and why not where it is not, is said as everywhere.
  await temporal.status(name);
  const { document } = await temporal.client.workflow.getHandle(makeRelationshipId(name)).query(carriedQuery);
  if (!document) throw new ClientError('NotFound', `relationship ${name} has no accepted spec yet`);
  return asWritten(document) as Relationship;
}

export async function readDocuments(
  temporal: Temporal,
  names: readonly string[],
): Promise<{ name: string; document: Relationship }[]> {
  return await inTurns(names, AT_ONCE, async (name) => ({
    name,
    document: await readDocument(temporal, name),
  }));
}
