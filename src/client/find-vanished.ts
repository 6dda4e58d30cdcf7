/** What became of relationships whose workflow does not run, as far as Temporal remembers. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { makeRelationshipId } from '../model/names';
import { NO_SPEC, vanishedBy, vanishedHint, vanishedText } from '../model/vanished';
import { encodeFailure } from '../model/failure-wire';
import type { Vanished } from '../model/vanished';

const LOST: Vanished = { how: 'lost', at: null };
export const STUCK: Vanished = { how: 'stuck', at: null };

/** True for the error of a relationship that has nothing to tell of yet. */
export function saysNoSpec(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith(NO_SPEC);
}

/** True for a run that ended since its first spec was refused: it says nothing of what was before it. */
export async function neverBegan(run: Pick<WorkflowHandle, 'query'>, status: string): Promise<boolean> {
  return status === 'COMPLETED' && (await run.query('status').then(() => false, saysNoSpec));
}

/** What became of the newest run of a relationship's workflow. */
export type Fate = 'runs' | 'deleted' | Vanished;

/** `lost` where Temporal knows of none that ever began, be it that there never was one. */
export async function findFate(client: Client, name: string): Promise<Fate> {
  try {
    const run = client.workflow.getHandle(makeRelationshipId(name));
    const { status, closeTime } = await run.describe();
    if (await neverBegan(run, status.name)) return LOST;
    return vanishedBy(status.name, closeTime) ?? (status.name === 'COMPLETED' ? 'deleted' : 'runs');
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return LOST;
    throw error;
  }
}

/** The same; undefined where it runs, or was deleted as it should be. */
export async function findVanished(client: Client, name: string): Promise<Vanished | undefined> {
  const fate = await findFate(client, name);
  return typeof fate === 'string' ? undefined : fate;
}

/** gRPC's code of a call that the present state of a workflow refuses. */
const FAILED_PRECONDITION = 9;
/** A task that has failed so often fails for ever; one or two may have been a worker's that was ended. */
const STUCK_ATTEMPTS = 3;

function isRefused(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && each.code === FAILED_PRECONDITION) return true;
  }
  return false;
}

/** True where a query or an update failed because the relationship's workflow runs, and can't go on. */
export async function isStuckBy(client: Client, name: string, error: unknown): Promise<boolean> {
  // By its name: that is what the SDK makes of any query that fails.
  if (error instanceof Error && error.name === 'QueryNotRegisteredError') return !saysNoSpec(error);
  if (!isRefused(error)) return false;
  const { raw } = await client.workflow.getHandle(makeRelationshipId(name)).describe();
  return (raw.pendingWorkflowTask?.attempt ?? 0) >= STUCK_ATTEMPTS;
}

/** Why nobody answers for a relationship, and what to do. */
export async function notThere(client: Client, name: string): Promise<ApplicationFailure> {
  const vanished = await findVanished(client, name);
  if (!vanished) return ApplicationFailure.nonRetryable(`relationship ${name} was deleted`, 'NotFound');
  const message =
    vanished.how === 'lost' ? `Temporal knows no relationship ${name}` : `${name}: ${vanishedText(vanished)}`;
  const hint = vanishedHint(name);
  return ApplicationFailure.create(encodeFailure({ type: 'NotFound', message, hint }));
}
