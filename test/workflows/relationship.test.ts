import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { operationResult } from '../../src/client/operation-result';
import { makeOperationId } from '../../src/model/names';
import type { SyncRecord } from '../../src/model/records';
import type { RelationshipInput as Document } from '../../src/model/spec';
import * as messages from '../../src/api/messages';
import { eventually } from '../support/system/system';
import { FakeWorld } from './fakes';
import { applyTo, idle, setUpRelationship } from './rig';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

const setUp = (change?: (document: Document) => void) => setUpRelationship(world, change);
const apply = (document: unknown, name: string) => applyTo(world, document, name);

async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure))
    throw error as Error;
  return error.cause;
}

test('a relationship syncs at once when it is created', async () => {
  const { name, document, handle, beta, stop } = await setUp();
  expect(await apply(document, name)).toMatchObject({ outcome: 'created' });
  const status = await idle(handle);
  expect(status.lastSync).toMatchObject({ result: 'succeeded' });
  expect(status.targets).toMatchObject([{ result: 'succeeded', recoveryPoint: beta.points[0]?.id }]);
  expect(world.records.find((record) => record.relationship === name)).toMatchObject({ reason: 'created' });
  await stop();
});

test('who waits for an operation is told how it ended, also where it is named before its workflow is there', async () => {
  const { name, document, stop } = await setUp();
  const { client } = world.env;
  const waiting = operationResult<SyncRecord>({ client }, makeOperationId(name, 'sync', 1));
  await expect(client.workflow.getHandle(makeOperationId(name, 'sync', 1)).describe()).rejects.toThrow();
  await apply(document, name);
  expect(await waiting).toMatchObject({ relationship: name, result: 'succeeded' });
  await stop();
});

test('a spec with mistakes is refused with all of them, and leaves no workflow behind', async () => {
  const { name, document, handle, stop } = await setUp((each) => {
    each.spec.trigger = { schedule: 'soon', timezone: 'Mars/Olympus' };
  });
  const failure = await failureOf(apply(document, name));
  expect(failure.type).toBe('InvalidSpec');
  expect((failure.details?.[0] as messages.Refusal).problems).toHaveLength(2);
  await eventually('the workflow has ended', async () =>
    (await handle.describe()).status.name === 'COMPLETED' ? true : undefined,
  );
  await stop();
});

test('a refused change leaves the relationship as it was', async () => {
  const { name, document, handle, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  await failureOf(apply({ ...document, spec: { ...document.spec, targets: [] } }, name));
  expect((await handle.query(messages.statusQuery)).targets).toHaveLength(1);
  await stop();
});

test('a tick that falls into a running sync is skipped and counted; a request waits for one sync of its own', async () => {
  const { name, document, handle, alpha, beta, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  alpha.hold = true;
  await handle.executeUpdate(messages.syncUpdate, { args: [{}] });
  await eventually('the transfer runs', async () =>
    alpha.calls.filter((call) => call === 'transfer').length === 2 ? true : undefined,
  );
  const skipped = await handle.executeUpdate(messages.syncUpdate, {
    args: [{ scheduled: true, wait: true }],
  });
  expect(skipped).toEqual({ skipped: 'sync is running' });
  const requests = [1, 2, 3].map(() => handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] }));
  await eventually('the requests are admitted', async () => {
    const description = await handle.fetchHistory();
    return (description.events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)
      .length >= 6
      ? true
      : undefined;
  });
  alpha.letGo();
  const answers = await Promise.all(requests);
  expect(new Set(answers.map(({ syncId }) => syncId))).toEqual(new Set([`${name}-000003`]));
  expect(beta.points).toHaveLength(3);
  expect((await handle.query(messages.statusQuery)).missedTicks).toBe(1);
  await stop();
});

test('each target has its own fate: one that fails neither blocks nor spoils the other, and is tried again alone', async () => {
  const { name, document, handle, alpha, beta, stop } = await setUp((each) => {
    each.spec.targets = [
      ...each.spec.targets,
      { host: each.spec.targets[0]?.host ?? '', name: 'second', directory: '/srv/c' },
    ];
  });
  beta.failNext = { publish: 'TargetFull' };
  await apply(document, name);
  const failedOnce = await eventually('the first sync is recorded', async () =>
    world.records.find((record) => record.relationship === name),
  );
  expect(failedOnce.result).toBe('partial');
  expect(failedOnce.targets.map(({ result }) => result).sort()).toEqual(['failed', 'succeeded']);
  const failure = failedOnce.targets.find(({ result }) => result === 'failed')?.failure;
  expect(failure?.message).toContain('that much is missing');
  await idle(handle);
  const retry = world.records.find((record) => record.relationship === name && record.reason === 'retry');
  expect(retry?.targets).toHaveLength(1);
  expect(alpha.calls).not.toContain('release');
  await stop();
});

test('an absent host is said within a minute, and the sync goes on when its agent is back', async () => {
  const { name, document, handle, beta, stop } = await setUp();
  await world.stopHost(beta.name);
  const answer = await apply(document, name);
  expect(answer.warnings.join()).toContain(`tidemark agent --host ${beta.name}`);
  const waiting = await eventually('the relationship waits for the host', async () => {
    const status = await handle.query(messages.statusQuery);
    return status.phase === 'WaitingForHost' ? status : undefined;
  });
  expect(waiting.targets[0]?.lastError).toMatchObject({ type: 'HostUnreachable', host: beta.name });
  await world.startHost(beta);
  expect(await idle(handle)).toMatchObject({ lastSync: { result: 'succeeded' } });
  await stop();
}, 120_000);

test('a guard stops a sync until somebody approves, and then lets exactly one through', async () => {
  const { name, document, handle, alpha, beta, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  alpha.empty = true;
  const stopped = await handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] });
  expect(stopped.failure?.type).toBe('ApprovalRequired');
  expect((await handle.query(messages.statusQuery)).phase).toBe('WaitingForApproval');
  expect(beta.points).toHaveLength(1);
  await handle.executeUpdate(messages.approveUpdate, { args: [{ by: 'ops' }] });
  await eventually('the approved sync is through', async () => (beta.points.length === 2 ? true : undefined));
  const again = await handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] });
  expect(again.failure?.type).toBe('ApprovalRequired');
  expect(
    (
      await failureOf(
        handle
          .executeUpdate(messages.verifyUpdate, { args: [{}] })
          .then(() =>
            handle
              .executeUpdate(messages.approveUpdate, { args: [{ by: 'x' }] })
              .then(() => handle.executeUpdate(messages.approveUpdate, { args: [{ by: 'y' }] })),
          ),
      )
    ).type,
  ).toBe(messages.REFUSED_BY_STATE);
  await stop();
});

test('a frozen copy is released whether the sync succeeds or fails', async () => {
  const { name, document, handle, alpha, beta, stop } = await setUp((each) => {
    each.spec.source.copyMethod = 'Snapshot';
  });
  beta.failNext = { publish: 'BaseLost' };
  await apply(document, name);
  await idle(handle);
  const steps = alpha.calls.filter((call) => call === 'capture' || call === 'release');
  // Once by the transfer, and where the sync fails after that, once more to be sure.
  expect(steps).toEqual(['capture', 'release', 'release', 'capture', 'release']);
  await stop();
});

test('paused, it skips ticks and refuses requests; resumed, it goes on', async () => {
  const { name, document, handle, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  await handle.executeUpdate(messages.pauseUpdate);
  expect((await handle.query(messages.statusQuery)).phase).toBe('Paused');
  expect(world.schedules.findLast((each) => each.relationship === name)?.paused).toBe(true);
  expect((await failureOf(handle.executeUpdate(messages.syncUpdate, { args: [{}] }))).type).toBe(
    messages.REFUSED_BY_STATE,
  );
  expect(await handle.executeUpdate(messages.syncUpdate, { args: [{ scheduled: true }] })).toEqual({
    skipped: 'paused',
  });
  await handle.signal(messages.resumeSignal);
  await eventually('it is resumed', async () =>
    (await handle.query(messages.statusQuery)).phase === 'Idle' ? true : undefined,
  );
  await stop();
});

test('signals do what updates do, and say in the details what they were refused for', async () => {
  const { name, document, handle, beta, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  await handle.signal('sync');
  await eventually('the signalled sync is through', async () =>
    beta.points.length === 2 ? true : undefined,
  );
  await handle.signal('approve');
  const details = await eventually('the refusal is shown', async () => {
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails?.includes('nothing waits for an approval')
      ? metadata.currentDetails
      : undefined;
  });
  expect(details).toContain('Not done');
  await stop();
});

test('deleted, it lets go of both hosts and ends', async () => {
  const { name, document, handle, alpha, beta, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  await handle.executeUpdate(messages.retireUpdate);
  await handle.result();
  expect(alpha.calls).toContain('retireEndpoint');
  expect(beta.calls).toContain('retireEndpoint');
  await stop();
});

test('a sync that is cancelled in the Temporal UI closes what it opened, and the relationship lives on', async () => {
  const { name, document, handle, alpha, beta, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  alpha.hold = true;
  alpha.reachedBytes = 4321;
  const { workflowId = '' } = await handle.executeUpdate(messages.syncUpdate, { args: [{}] });
  await eventually('the transfer runs', async () =>
    alpha.calls.filter((call) => call === 'transfer').length === 2 ? true : undefined,
  );
  await world.env.client.workflow.getHandle(workflowId).cancel();
  alpha.letGo();
  const cancelled = await eventually('the cancelled sync is recorded', async () =>
    world.records.findLast((record) => record.relationship === name && record.result === 'cancelled'),
  );
  expect(cancelled.targets).toMatchObject([{ result: 'cancelled', reachedBytes: 4321 }]);
  expect(beta.calls).toContain('closeTransfer');
  expect(await handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] })).toMatchObject({
    result: 'succeeded',
  });
  await stop();
});

test('a target that is full is helped by what retention no longer keeps, before the sync and in its middle', async () => {
  const { name, document, handle, alpha, beta, stop } = await setUp();
  await apply(document, name);
  await idle(handle);
  const sync = () => handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] });
  beta.freeBytes = -1;
  beta.calls.length = 0;
  expect((await sync()).failure?.type).toBe('TargetFull');
  expect(beta.calls).not.toContain('receive');
  beta.roomToMake = 1e12;
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  expect(beta.calls.indexOf('makeRoom')).toBeLessThan(beta.calls.indexOf('receive'));
  alpha.failNext = { transfer: 'TargetFull' };
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  beta.failNext = { publish: 'TargetFull' };
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  expect(beta.calls.filter((call) => call === 'makeRoom')).toHaveLength(4);
  await stop();
});

test('the details say that an objective is missed at the moment when it is, though nothing happens', async () => {
  const { name, document, handle, stop } = await setUp((each) => {
    each.spec.objectives = { rpo: '1s' };
  });
  await apply(document, name);
  await idle(handle);
  await handle.executeUpdate(messages.pauseUpdate);
  await eventually('it is down', async () => {
    const { currentDetails } = await handle.query<{ currentDetails?: string }>(
      '__temporal_workflow_metadata',
    );
    return currentDetails?.includes('**down**') ? true : undefined;
  });
  await stop();
});
