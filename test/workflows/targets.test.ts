/** Targets with classes, schedules and fates of their own, of one relationship. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { RelationshipInput as Document } from '../../src/model/spec';
import * as messages from '../../src/api/messages';
import { eventually } from '../support/system/system';
import { FakeHost, FakeWorld } from './fakes';
import { applyTo, idle, setUpRelationship } from './rig';
import { Stage } from './stage';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

/** A relationship with a node, beta, and a drpnode, gamma, applied and synced once. */
async function setUp(change: (document: Document) => void = () => undefined) {
  let gamma = new FakeHost('');
  const rig = await setUpRelationship(world, (document) => {
    gamma = new FakeHost(`${document.metadata.name}-gamma`);
    document.spec.targets.push({ host: gamma.name, directory: '/srv/c', class: 'drpnode' });
    change(document);
  });
  await world.startHost(gamma);
  const { name, document, handle, alpha, beta } = rig;
  const hosts = [alpha, beta, gamma];
  for (const host of hosts) host.keepsStates = 'zfs' in document.spec.source;
  await applyTo(world, document, name);
  await idle(handle);
  const sync = (request: messages.SyncRequest) =>
    handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true, ...request }] });
  const record = (syncId = '') => world.records.find((each) => each.syncId === syncId);
  const status = () => handle.query(messages.statusQuery);
  const stop = async () => {
    await world.stopHost(gamma.name);
    await rig.stop();
  };
  return { ...rig, gamma, stage: new Stage(hosts), sync, record, status, stop };
}

const nightly = (document: Document) => {
  document.spec.source.copyMethod = 'Snapshot';
  document.spec.trigger = { schedule: '0 * * * *' };
  Object.assign(document.spec.targets[1] ?? {}, { schedule: '0 3 * * *', retain: { daily: 30 } });
};
const HOURLY = '2026-11-21T10:00:00Z';
const AT_THREE = '2026-11-21T03:00:00Z';
const namesOf = (record: { targets: { name: string }[] } | undefined) =>
  record?.targets.map(({ name }) => name.split('-')[1]);

test('a class chooses its targets; one that no target has is refused at once, and says what there is', async () => {
  const { name, beta, gamma, sync, record, stop } = await setUp();
  expect(namesOf(record((await sync({ targets: ['drpnodes'] })).syncId))).toEqual(['gamma']);
  expect(namesOf(record((await sync({ targets: ['node', gamma.name] })).syncId))).toEqual(['beta', 'gamma']);
  const refused: unknown = await sync({ targets: ['nodes', 'archive'] }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
  expect((refused as WorkflowUpdateFailedError).cause).toMatchObject({
    type: messages.REFUSED_BY_STATE,
    message: `${name}: no target has the name or class archive; there are ${beta.name} (node), ${gamma.name} (drpnode)`,
  });
  await stop();
});

test('a tick is for the targets whose schedules have it, and those that meet share one capture', async () => {
  const { alpha, beta, gamma, sync, record, stop } = await setUp(nightly);
  expect(namesOf(record((await sync({ scheduled: true, tick: HOURLY })).syncId))).toEqual(['beta']);
  const captures = () => alpha.calls.filter((call) => call === 'capture').length;
  const before = captures();
  expect(namesOf(record((await sync({ scheduled: true, tick: AT_THREE })).syncId))).toEqual([
    'beta',
    'gamma',
  ]);
  expect(captures()).toBe(before + 1);
  // Each prunes by its own rules, or else by the relationship's.
  expect(beta.retains.at(-1)).toEqual({ last: 3 });
  expect(gamma.retains.at(-1)).toEqual({ daily: 30 });
  await stop();
});

test('one Schedule ticks for all of them, and follows the spec, pauses and the end', async () => {
  const { name, document, handle, stop } = await setUp(nightly);
  const last = () => world.schedules.findLast((each) => each.relationship === name);
  expect(last()).toMatchObject({ crons: ['0 * * * *', '0 3 * * *'], paused: false });
  const change = async (schedule: string | undefined) => {
    const [beta, gamma] = structuredClone(document.spec.targets) as [object, { schedule?: string }];
    if (schedule === undefined) delete gamma.schedule;
    else gamma.schedule = schedule;
    await applyTo(world, { ...document, spec: { ...document.spec, targets: [beta, gamma] } }, name);
  };
  await change('30 4 * * sun');
  expect(last()?.crons).toEqual(['0 * * * *', '30 4 * * sun']);
  await change(undefined);
  expect(last()?.crons).toEqual(['0 * * * *']);
  await change('0 3 * * *');
  await handle.executeUpdate(messages.pauseUpdate);
  expect(last()).toMatchObject({ crons: ['0 * * * *', '0 3 * * *'], paused: true });
  await handle.executeUpdate(messages.resumeUpdate);
  expect(last()).toMatchObject({ crons: ['0 * * * *', '0 3 * * *'], paused: false });
  await stop();
});

test('a tick that falls into a sync of others is remembered and run right after; one that is served by it is skipped', async () => {
  const { alpha, handle, sync, record, status, stop } = await setUp(nightly);
  alpha.hold = true;
  const running = sync({ scheduled: true, tick: HOURLY });
  await eventually('the sync of beta runs', async () => ((await status()).operation ? true : undefined));
  expect(await sync({ scheduled: true, tick: HOURLY })).toEqual({ skipped: 'sync is running' });
  const late = sync({ scheduled: true, tick: AT_THREE });
  const asked = sync({ targets: ['drpnode'] });
  await eventually('both wait', async () => {
    const { events = [] } = await handle.fetchHistory();
    const accepted = events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
    return (accepted?.length ?? 0) >= 5 ? true : undefined;
  });
  alpha.letGo();
  expect(namesOf(record((await running).syncId))).toEqual(['beta']);
  const served = await late;
  expect(namesOf(record(served.syncId))).toEqual(['gamma']);
  expect((await asked).syncId).toBe(served.syncId);
  expect((await status()).missedTicks).toBe(1);
  await stop();
});

const onZfs = (document: Document) => {
  const [beta, gamma] = document.spec.targets as [{ host: string }, { host: string }];
  document.spec.source = { host: document.spec.source.host, zfs: 'tank/a' };
  document.spec.targets = [
    { host: beta.host, zfs: 'tank/b' },
    { host: gamma.host, zfs: 'tank/c', class: 'drpnode' },
  ];
  document.spec.mover = { zfs: {} };
};
const sequencesOf = ({ states }: FakeHost) =>
  states.map(({ syncId = '' }) => Number(syncId.split('-').at(-1)));

test('a dead target blocks nobody, and costs the source one state; back again, it goes on from there', async () => {
  const { alpha, gamma, stage, sync, record, stop } = await setUp(onZfs);
  expect(sequencesOf(alpha)).toEqual([1]);
  stage.fail('gamma prepareTarget', 'ToolFailed');
  for (let round = 0; round < 6; round++) {
    const synced = record((await sync({ targets: ['node'] })).syncId);
    expect(synced?.targets).toMatchObject([{ result: 'succeeded', how: 'incremental' }]);
    // Beside its own base, that of the one that is away.
    expect(sequencesOf(alpha)).toEqual([1, synced?.sequence]);
  }
  const both = record((await sync({})).syncId);
  expect(both).toMatchObject({ result: 'partial', targets: [{ result: 'succeeded' }, { result: 'failed' }] });
  expect(sequencesOf(alpha)).toEqual([1, both?.sequence]);
  stage.mend();
  const healed = record((await sync({ targets: [gamma.name] })).syncId);
  expect(healed?.targets).toMatchObject([{ result: 'succeeded', how: 'incremental' }]);
  expect(sequencesOf(alpha)).toEqual([both?.sequence, healed?.sequence]);
  await stop();
});

test('a stream that was cut off is told as resumed where the storage goes on with it', async () => {
  const { alpha, gamma, sync, record, stop } = await setUp(onZfs);
  alpha.failNext.transfer = 'TransferInterrupted';
  gamma.goesBy = 'resume';
  const { targets } = record((await sync({ targets: ['drpnode'] })).syncId) ?? {};
  expect(targets).toMatchObject([{ result: 'succeeded', how: 'resume', attempts: 2 }]);
  await stop();
});

test('what an attempt that was lost has brought is not sent in another way', async () => {
  const { alpha, sync, record, stop } = await setUp(onZfs);
  Object.assign(alpha, { failNext: { transfer: 'BaseLost' }, failedAttempt: 2 });
  const asked = { targets: ['drpnode'] };
  const [went] = record((await sync(asked)).syncId)?.targets ?? [];
  expect(went).toMatchObject({ result: 'succeeded', how: 'incremental', attempts: 3 });
  Object.assign(alpha, { failNext: { transfer: 'BaseLost' }, failedAttempt: 1 });
  const [other] = record((await sync(asked)).syncId)?.targets ?? [];
  expect(other).toMatchObject({ result: 'succeeded', how: 'incremental-from-older-base', attempts: 2 });
  await stop();
});

test('beyond pinLimit a target is given up, loudly, and healed by a sync of what differs', async () => {
  const { name, alpha, gamma, stage, sync, record, status, stop } = await setUp((document) => {
    onZfs(document);
    document.spec.source.pinLimit = { space: '50B' };
  });
  stage.fail('gamma prepareTarget', 'ToolFailed');
  const { sequence, givenUp } = record((await sync({})).syncId) ?? {};
  expect(sequencesOf(alpha)).toEqual([sequence]);
  expect(givenUp).toMatchObject([{ target: gamma.name }]);
  expect((await status()).targets[1]?.givenUp).toContain('pinLimit.space 50 B');
  // It is said once, and stands there until it is mended.
  expect(record((await sync({ targets: ['node'] })).syncId)?.givenUp).toBeUndefined();
  expect((await status()).targets[1]?.givenUp).toContain(`target ${gamma.name} is given up`);
  stage.mend();
  await sync({ targets: ['drpnode'] });
  // The first that came through since the one at its creation: it may have been tried again by itself.
  const ofGamma = world.records
    .filter(({ relationship }) => relationship === name)
    .flatMap(({ targets }) => targets.filter((each) => each.name === gamma.name));
  const healed = ofGamma.filter(({ result }) => result === 'succeeded').at(-2);
  expect(healed).toMatchObject({ how: 'delta-onto-clone' });
  expect((await status()).targets[1]?.givenUp).toBeUndefined();
  await stop();
});

test('a target where files can not be compared is sent everything in the same sync', async () => {
  const { alpha, gamma, sync, record, stop } = await setUp(onZfs);
  alpha.states = [];
  gamma.failNext.receive = 'ToolMissing';
  const synced = record((await sync({})).syncId);
  expect(synced?.targets).toMatchObject([
    { result: 'succeeded', how: 'delta-onto-clone' },
    { result: 'succeeded', how: 'full-into-side' },
  ]);
  await stop();
});

test('also where no target answers, what is kept for them does not outlive pinLimit.age', async () => {
  const { name, document, alpha, stage, sync, record, stop } = await setUp(onZfs);
  expect(sequencesOf(alpha)).toEqual([1]);
  stage.fail('beta prepareTarget', 'ToolFailed');
  stage.fail('gamma prepareTarget', 'ToolFailed');
  const { source } = document.spec;
  await applyTo(
    world,
    { ...document, spec: { ...document.spec, source: { ...source, pinLimit: { age: '1ms' } } } },
    name,
  );
  const { givenUp } = record((await sync({})).syncId) ?? {};
  expect(givenUp?.map(({ text }) => text).join()).toMatch(
    /beta is given up.*pinLimit\.age.*gamma is given up/,
  );
  expect(alpha.states).toEqual([]);
  await stop();
});

test('an only copy that a transfer broke off in is told of as that until a sync succeeds; one that nobody has written to is not', async () => {
  const { alpha, beta, gamma, sync, record, status, stop } = await setUp();
  beta.keepsOne = true;
  gamma.keepsOne = true;
  const tornOf = async () => (await status()).targets.map(({ torn = false }) => torn);
  const breakOff = async () => {
    alpha.failNext = { transfer: 'TargetFull' };
    return record((await sync({ targets: ['node'] })).syncId);
  };
  beta.torn = false;
  await breakOff();
  expect(await tornOf()).toEqual([false, false]);
  // Nobody can say: so it may be.
  delete beta.torn;
  expect((await breakOff())?.targets[0]).toMatchObject({ result: 'failed', torn: true });
  expect(await tornOf()).toEqual([true, false]);
  // It fails before anything is written: what was there is as it was.
  beta.failNext = { prepareTarget: 'TargetFull' };
  expect(record((await sync({ targets: ['node'] })).syncId)?.targets[0]?.torn).toBeUndefined();
  expect(await tornOf()).toEqual([true, false]);
  await sync({ targets: ['node'] });
  expect(await tornOf()).toEqual([false, false]);
  await stop();
});
