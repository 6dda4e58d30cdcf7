/** What became of relationships whose workflow does not run, as far as Temporal remembers. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { makeRelationshipId, parseRelationshipId } from '../../model/names';
import { vanishedBy, vanishedHint, vanishedText } from '../../model/vanished';
import type { Vanished } from '../../model/vanished';

/**
 * How the newest run of a relationship's workflow ended: undefined where it runs, or was deleted as it should be;
 * `lost` where Temporal knows of none, be it that there never was one.
 */
export async function findVanished(client: Client, name: string): Promise<Vanished | undefined> {
  try {
    const { status, closeTime } = await client.workflow.getHandle(makeRelationshipId(name)).describe();
    return vanishedBy(status.name, closeTime);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { how: 'lost', at: null };
    throw error;
  }
}

/** Of relationships that somebody knows, those that have vanished. Costs one query for all that run. */
export async function findAllVanished(
  client: Client,
  names: readonly string[],
): Promise<Map<string, Vanished>> {
  const running = new Set<string>();
  const query = "WorkflowType = 'relationship' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of client.workflow.list({ query })) {
    running.add(parseRelationshipId(workflowId) ?? '');
  }
  const found = new Map<string, Vanished>();
  // What Temporal lists lags behind: each that is not in it is looked at.
  for (const name of names.filter((each) => !running.has(each))) {
    const vanished = await findVanished(client, name);
    if (vanished) found.set(name, vanished);
  }
  return found;
}

/** Why nobody answers for a relationship, and what to do. */
export async function notThere(client: Client, name: string): Promise<ApplicationFailure> {
  const vanished = await findVanished(client, name);
  if (!vanished) return ApplicationFailure.nonRetryable(`relationship ${name} was deleted`, 'NotFound');
  const message =
    vanished.how === 'lost' ? `Temporal knows no relationship ${name}` : `${name}: ${vanishedText(vanished)}`;
  const hint = vanishedHint(name);
  return ApplicationFailure.create({
    type: 'NotFound',
    message: `${message}; ${hint}`,
    details: [{ message, hint }],
    nonRetryable: true,
  });
}
