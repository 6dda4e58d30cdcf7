/** A relationship whose first sync is through, for tests of what changes its primary. */
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/common';
import type { RelationshipInput as Document } from '../../src/model/spec';
import type { RelationshipStatus } from '../../src/model/status';
import * as messages from '../../src/api/messages';
import { eventually } from '../support/system/system';
import type { FakeWorld } from './fakes';
import { applyTo, idle, setUpRelationship } from './rig';
import { Stage } from './stage';

export type SwitchRig = Awaited<ReturnType<typeof setUpReplicated>>;

export async function setUpReplicated(world: FakeWorld, change?: (document: Document) => void) {
  const rig = await setUpRelationship(world, change);
  const stage = new Stage([rig.alpha, rig.beta]);
  await applyTo(world, rig.document, rig.name);
  await idle(rig.handle);
  stage.clear();
  const status = () => rig.handle.query(messages.statusQuery);
  return {
    ...rig,
    stage,
    status,
    until: (what: string, holds: (status: RelationshipStatus) => boolean) =>
      eventually(`${rig.name}: ${what}`, async () => {
        const now = await status();
        return holds(now) ? now : undefined;
      }),
    /** Nothing runs any more. */
    settled: () =>
      eventually(`${rig.name}: nothing runs`, async () => {
        const now = await status();
        return now.operation ? undefined : now;
      }),
    /** Asks for an operation; its workflow id. */
    start: async <Request>(
      update: UpdateDefinition<messages.OperationStarted, [Request]>,
      request: Request,
    ): Promise<string> => (await rig.handle.executeUpdate(update, { args: [request] })).workflowId,
    /** Cancels the operation that runs, and waits until that has reached it. */
    cancel: async () => {
      const { workflowId } = await rig.handle.executeUpdate(messages.cancelUpdate);
      await eventually(`${workflowId} knows that it is cancelled`, async () => {
        const { events } = await world.env.client.workflow.getHandle(workflowId).fetchHistory();
        return events?.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
      });
    },
    sync: () => rig.handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] }),
    /** Hosts whose users may write. */
    primaries: () =>
      [rig.alpha, rig.beta].filter(({ claim }) => claim?.role === 'source').map(({ name }) => name),
    /** Waits for an operation's end, however it ends. */
    endOf: async <Result>(workflowId: string): Promise<{ result?: Result; failure?: string }> => {
      try {
        return { result: (await world.env.client.workflow.getHandle(workflowId).result()) as Result };
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        return { failure: `${error.cause?.name ?? ''}: ${error.cause?.message ?? ''}` };
      }
    },
  };
}

/** What an update was refused with. */
export async function refusalOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure))
    throw error instanceof Error ? error : new Error('it was not refused');
  return error.cause;
}

/** Runs so many at once: more would only wait for the processors. */
export async function inLanes<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}
