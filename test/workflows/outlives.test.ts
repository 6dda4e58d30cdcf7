/** What is done to a relationship's workflows in the Temporal UI must not end it. */
import { findFate, findVanished, notThere } from '../../src/client/find-vanished';
import * as messages from '../../src/api/messages';
import { makeRelationshipId } from '../../src/model/names';
import { eventually } from '../support/system/system';
import { FakeWorld } from './fakes';
import { applyTo } from './rig';
import { setUpReplicated } from './switch-rig';
import type { SwitchRig } from './switch-rig';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

/** The newest run of the relationship, which is another one after a cancellation. */
const current = ({ name }: SwitchRig) => world.env.client.workflow.getHandle(makeRelationshipId(name));

async function startHeldSync({ alpha, handle, stage }: SwitchRig): Promise<string> {
  stage.clear();
  alpha.hold = true;
  const { workflowId = '' } = await handle.executeUpdate(messages.syncUpdate, { args: [{}] });
  await eventually('the transfer runs', async () => stage.only('transfer').length > 0 || undefined);
  return workflowId;
}

/** Cancels the relationship, and waits until the operation that runs knows. */
async function cancelDuring(rig: SwitchRig, operationId: string): Promise<void> {
  await current(rig).cancel();
  await eventually('the operation knows', async () => {
    const { events } = await world.env.client.workflow.getHandle(operationId).fetchHistory();
    return events?.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
  });
}

const recordOf = (syncId: string) =>
  eventually(`${syncId} is recorded`, async () => world.records.find((record) => record.syncId === syncId));

async function detailsOf(rig: SwitchRig): Promise<string> {
  const { currentDetails = '' } = await current(rig).query<{ currentDetails?: string }>(
    '__temporal_workflow_metadata',
  );
  return currentDetails;
}

test('cancelled, its sync ends and it goes on; and so each time', async () => {
  const rig = await setUpReplicated(world);
  for (const sequence of [2, 4]) {
    await cancelDuring(rig, await startHeldSync(rig));
    rig.alpha.letGo();
    const record = await recordOf(`${rig.name}-00000${sequence}`);
    expect(record.result).toBe('cancelled');
    expect(await rig.sync()).toMatchObject({ result: 'succeeded' });
    expect(await detailsOf(rig)).not.toContain('Not done');
  }
  expect((await current(rig).describe()).status.name).toBe('RUNNING');
  await rig.stop();
});

test('cancelled while nothing runs, it says so, and keeps what it knows', async () => {
  const rig = await setUpReplicated(world);
  const before = await rig.status();
  const { runId } = await current(rig).describe();
  await current(rig).cancel();
  await eventually('it goes on in another run', async () =>
    (await current(rig).describe()).runId === runId ? undefined : true,
  );
  expect(await detailsOf(rig)).toContain('Somebody cancelled this workflow');
  expect(await rig.status()).toMatchObject({ targets: before.targets, sequence: before.sequence });
  await rig.handle.executeUpdate(messages.pauseUpdate);
  await rig.handle.executeUpdate(messages.resumeUpdate);
  expect(await rig.sync()).toMatchObject({ result: 'succeeded' });
  await rig.stop();
});

test('cancelled in a failover, that is undone, and it goes on as it was', async () => {
  const rig = await setUpReplicated(world);
  const held = rig.stage.hold('beta rollback');
  const failover = await rig.start(messages.failoverUpdate, {});
  await held;
  await cancelDuring(rig, failover);
  rig.stage.letGo();
  await rig.until('nothing runs', ({ operation }) => !operation);
  expect(rig.primaries()).toEqual([rig.alpha.name]);
  expect(await rig.sync()).toMatchObject({ result: 'succeeded' });
  await rig.stop();
});

test('a sync that was terminated is recorded as failed, and followed by another', async () => {
  const rig = await setUpReplicated(world);
  const workflowId = await startHeldSync(rig);
  await world.env.client.workflow.getHandle(workflowId).terminate('by mistake');
  rig.alpha.letGo();
  const record = await recordOf(`${rig.name}-000002`);
  expect(record).toMatchObject({
    result: 'failed',
    targets: [{ name: rig.beta.name, result: 'failed', failure: { type: 'TransferInterrupted' } }],
  });
  expect(record.runId).not.toBe('');
  await rig.until('a fresh sync has succeeded', ({ lastSync }) => lastSync?.result === 'succeeded');
  await rig.stop();
});

test('terminated and applied again, it goes on from what it knew', async () => {
  const rig = await setUpReplicated(world);
  await rig.endOf(await rig.start(messages.failoverUpdate, {}));
  const before = await rig.settled();
  await current(rig).terminate('by mistake');
  await expect(applyTo(world, rig.document, rig.name)).resolves.toMatchObject({ outcome: 'brought back' });
  expect(await rig.settled()).toMatchObject({
    epoch: before.epoch,
    takeover: before.takeover ?? {},
    direction: 'reversed',
    targets: before.targets,
  });
  await rig.stop();
});

test('brought back with a spec that is refused, it goes on with the one that it had', async () => {
  const rig = await setUpReplicated(world);
  const { sequence } = await rig.status();
  await current(rig).terminate('by mistake');
  await expect(applyTo(world, { ...rig.document, spec: {} }, rig.name)).rejects.toThrow();
  await rig.until('it has synced', ({ lastSync }) => lastSync?.syncId === `${rig.name}-00000${sequence + 1}`);
  await rig.stop();
});

test('terminated in a failover, it is brought back as it was, and syncs', async () => {
  const rig = await setUpReplicated(world);
  const held = rig.stage.hold('beta rollback');
  const failover = await rig.start(messages.failoverUpdate, {});
  await held;
  await current(rig).terminate('by mistake');
  await eventually('the failover knows', async () => {
    const { events } = await world.env.client.workflow.getHandle(failover).fetchHistory();
    return events?.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
  });
  rig.stage.letGo();
  await applyTo(world, rig.document, rig.name);
  await rig.until(
    'it has synced',
    ({ lastSync, sequence }) => lastSync?.syncId === `${rig.name}-00000${sequence}`,
  );
  expect(rig.primaries()).toEqual([rig.alpha.name]);
  expect(await rig.status()).toMatchObject({ direction: 'forward', lastSync: { result: 'succeeded' } });
  await rig.stop();
});

test('a request to one that was terminated fails, and says what happened and what to do', async () => {
  const rig = await setUpReplicated(world);
  await current(rig).terminate('by mistake');
  const { client } = world.env;
  expect(await findVanished(client, rig.name)).toMatchObject({ how: 'terminated' });
  expect(await findFate(client, rig.name)).toMatchObject({ how: 'terminated' });
  const failure = await notThere(client, rig.name);
  expect(failure.message).toMatch(/was terminated at .*tidemark apply -f FILE/);
  expect((await notThere(client, 'nobody')).message).toContain('Temporal knows no relationship nobody');
  await rig.stop();
});
