import { WithStartWorkflowOperation } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { CONTROL_QUEUE, makeRelationshipId } from '../../src/model/names';
import type { RelationshipInput as Document } from '../../src/model/spec';
import * as messages from '../../src/api/messages';
import type { relationship, RelationshipInput } from '../../src/workflows/relationship';
import { eventually } from '../support/system/system';
import { FakeHost } from './fakes';
import type { FakeWorld } from './fakes';

let count = 0;

/** A relationship of its own for one test: unique name, unique hosts. */
export async function setUpRelationship(
  world: FakeWorld,
  change: (document: Document) => void = () => undefined,
) {
  const name = `r${++count}`;
  const alpha = new FakeHost(`${name}-alpha`);
  const beta = new FakeHost(`${name}-beta`);
  const document: Document = {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name },
    spec: {
      source: { host: alpha.name, directory: '/srv/a' },
      targets: [{ host: beta.name, directory: '/srv/b' }],
    },
  };
  change(document);
  await world.startHost(alpha);
  await world.startHost(beta);
  const handle: WorkflowHandle<typeof relationship> = world.env.client.workflow.getHandle(
    makeRelationshipId(name),
  );
  const stop = async () => {
    await world.stopHost(alpha.name);
    await world.stopHost(beta.name);
  };
  return { name, alpha, beta, document, handle, stop };
}

/** What `tidemark apply` does. */
export function applyTo(world: FakeWorld, document: unknown, name: string) {
  const args: [RelationshipInput] = [{ name }];
  return world.env.client.workflow.executeUpdateWithStart(messages.applyUpdate, {
    args: [document],
    startWorkflowOperation: new WithStartWorkflowOperation<typeof relationship>('relationship', {
      workflowId: makeRelationshipId(name),
      taskQueue: CONTROL_QUEUE,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args,
    }),
  });
}

/** Waits until nothing runs and a first sync is through. */
export const idle = (handle: WorkflowHandle<typeof relationship>) =>
  eventually('the relationship is idle', async () => {
    const status = await handle.query(messages.statusQuery);
    return status.phase === 'Idle' && status.lastSync ? status : undefined;
  });
