/** Drills rehearse a failover on a clone, beside replication, and leave nothing behind. */
import type { RelationshipInput as Document } from '../../src/model/spec';
import type { DrillOutcome } from '../../src/model/status';
import { WORKFLOW_TYPES } from '../../src/api/messages';
import * as messages from '../../src/api/messages';
import { CONTROL_QUEUE } from '../../src/model/names';
import { FakeWorld } from './fakes';
import { inLanes, refusalOf, setUpReplicated } from './switch-rig';
import { WHENS } from './stage';

// Runs for every step, on a machine that is busy.
jest.setTimeout(400_000);

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

const withService = ({ spec }: Document) => {
  spec.hooks = {
    startDrill: [{ run: ['boot'] }],
    probeDrill: [{ run: ['probe'] }],
    stopDrill: [{ run: ['halt'] }],
  };
};
const setUp = () => setUpReplicated(world, withService);

test('it starts the service on a clone, probes it, stops it and removes the clone; the time until it answered is kept', async () => {
  const { beta, start, endOf, until, status, stage, stop } = await setUp();
  const workflowId = await start(messages.drillUpdate, {});
  expect((await status()).phase).toBe('Idle');
  const { result } = await endOf<DrillOutcome>(workflowId);
  expect(stage.steps).toEqual([
    'beta makeClone',
    'beta runHooks',
    'beta runHooks',
    'beta runHooks',
    'beta removeClones',
  ]);
  expect(beta.hooksRun).toEqual(['boot on /clone', 'probe on /clone', 'halt on /clone']);
  expect(beta.clones.size).toBe(0);
  const { lastDrill } = await until('the drill is recorded', (each) => each.lastDrill !== undefined);
  expect(lastDrill).toEqual(result);
  expect(lastDrill).toMatchObject({ result: 'succeeded', pointId: beta.points.at(-1)?.id, workflowId });
  expect(lastDrill?.rtoSeconds).toBeGreaterThan(0);
  expect((await status()).drill).toBeUndefined();
  await stop();
});

test('whichever step fails, the service is stopped, the clone is removed, and the drill says what failed', async () => {
  const steps = ['beta makeClone', 'boot', 'probe', 'halt'];
  await inLanes(steps, async (step) => {
    const { beta, start, endOf, stage, sync, stop } = await setUp();
    // The steps are the clone and then the hooks, in order.
    stage.fail(steps.indexOf(step), 'HookFailed');
    const { result } = await endOf<DrillOutcome>(await start(messages.drillUpdate, {}));
    const isRehearsed = step === 'halt';
    expect({ step, result: result?.result }).toEqual({ step, result: isRehearsed ? 'succeeded' : 'failed' });
    expect(result?.rtoSeconds === null).toBe(!isRehearsed);
    if (!isRehearsed) expect(result?.failure).toMatchObject({ type: 'HookFailed' });
    if (step === 'boot' || step === 'probe') expect(beta.hooksRun).toContain('halt on /clone');
    expect({ step, last: stage.steps.at(-1) }).toEqual({ step, last: 'beta removeClones' });
    expect(beta.clones.size).toBe(0);
    expect(await sync()).toMatchObject({ result: 'succeeded' });
    await stop();
  });
});

test('cancelled at any step, it leaves no clone, and nothing that was started runs on', async () => {
  const cases = [0, 1, 2, 3].flatMap((number) => WHENS.map((when) => ({ number, when })));
  await inLanes(cases, async ({ number, when }) => {
    const { beta, start, endOf, until, stage, stop } = await setUp();
    const held = stage.hold(number, when);
    const workflowId = await start(messages.drillUpdate, {});
    const where = `${when} step ${number}, ${await held}`;
    await world.env.client.workflow.getHandle(workflowId).cancel();
    stage.letGo();
    const { result } = await endOf<DrillOutcome>(workflowId);
    // Once the service has answered there is nothing left to cancel, and a step that began ends in its own way.
    const expected = number < 2 ? 'cancelled' : 'succeeded';
    expect({ where, result: result?.result }).toEqual({ where, result: expected });
    expect({ where, clones: [...beta.clones] }).toEqual({ where, clones: [] });
    if (beta.hooksRun.includes('boot on /clone'))
      expect({ where, last: beta.hooksRun.at(-1) }).toEqual({ where, last: 'halt on /clone' });
    await until('the drill is recorded', (each) => each.lastDrill?.result === expected);
    await stop();
  });
});

test('`cancel` ends it where nothing else runs', async () => {
  const { beta, start, endOf, handle, until, stage, stop } = await setUp();
  const held = stage.hold('beta makeClone');
  const workflowId = await start(messages.drillUpdate, {});
  await held;
  expect(await handle.executeUpdate(messages.cancelUpdate)).toEqual({ workflowId });
  stage.letGo();
  expect((await endOf<DrillOutcome>(workflowId)).result).toMatchObject({ result: 'cancelled' });
  expect(beta.clones.size).toBe(0);
  await until('the drill is recorded', ({ lastDrill }) => lastDrill?.result === 'cancelled');
  expect((await refusalOf(handle.executeUpdate(messages.cancelUpdate))).message).toContain('nothing runs');
  await stop();
});

test('a host that was lost in the middle is waited for, so that no clone stays', async () => {
  const { beta, start, endOf, stage, stop } = await setUp();
  const held = stage.hold('beta runHooks', 'after');
  const workflowId = await start(messages.drillUpdate, {});
  await held;
  await world.stopHost(beta.name);
  stage.letGo();
  expect(beta.clones.size).toBe(1);
  await world.startHost(beta);
  const { result } = await endOf<DrillOutcome>(workflowId);
  expect(result).toMatchObject({ result: 'succeeded' });
  expect(stage.only('makeClone', 'removeClones')).toEqual(['beta makeClone', 'beta removeClones']);
  expect(beta.clones.size).toBe(0);
  await stop();
});

test('replication goes on meanwhile; a second drill is refused, naming the first', async () => {
  const { alpha, beta, start, endOf, handle, sync, stage, stop } = await setUp();
  const held = stage.hold('beta runHooks');
  const workflowId = await start(messages.drillUpdate, {});
  await held;
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  expect(beta.points).toHaveLength(2);
  expect(
    await handle.executeUpdate(messages.syncUpdate, { args: [{ scheduled: true, wait: true }] }),
  ).toMatchObject({ result: 'succeeded' });
  expect((await refusalOf(start(messages.drillUpdate, {}))).message).toContain(workflowId);
  stage.letGo();
  expect((await endOf<DrillOutcome>(workflowId)).result).toMatchObject({ result: 'succeeded' });
  expect([alpha.claims, beta.claims]).toEqual([[], []]);
  await stop();
});

test('drills have a Schedule of their own, and each tick holds one and ends as it ends', async () => {
  const { name, beta, handle, until, stage, stop } = await setUp();
  await handle.executeUpdate(messages.scheduleDrillUpdate, { args: [{ cron: '0 4 1 * *' }] });
  const ofDrills = () =>
    world.schedules.findLast((each) => each.relationship === name && each.what === 'drill');
  expect(ofDrills()).toMatchObject({ crons: ['0 4 1 * *'], paused: false });
  expect(
    world.schedules.findLast((each) => each.relationship === name && each.what !== 'drill')?.crons,
  ).toEqual([]);
  expect((await until('it is shown', () => true)).drillSchedule).toBe('0 4 1 * *');
  const tick = (workflowId: string) =>
    world.env.client.workflow.execute(WORKFLOW_TYPES.requestDrill, {
      workflowId,
      taskQueue: CONTROL_QUEUE,
      args: [{ relationship: name }],
    });
  expect(await tick(`${name}-tick-1`)).toMatchObject({ result: 'succeeded' });
  expect(beta.hooksRun).toContain('probe on /clone');
  stage.clear();
  stage.fail(2, 'HookFailed');
  await expect(tick(`${name}-tick-2`)).rejects.toMatchObject({ cause: { type: 'HookFailed' } });
  expect(beta.clones.size).toBe(0);
  await handle.executeUpdate(messages.scheduleDrillUpdate, { args: [{}] });
  expect(ofDrills()?.crons).toEqual([]);
  expect((await until('it is gone', (each) => each.drillSchedule === undefined)).phase).toBe('Idle');
  await stop();
});

test('a target without a recovery point is refused, and says how to get one', async () => {
  const { name, alpha, start, endOf, stop } = await setUp();
  expect((await endOf(await start(messages.failoverUpdate, {}))).failure).toBeUndefined();
  const refusal = await refusalOf(start(messages.drillUpdate, { target: alpha.name }));
  expect(refusal.type).toBe(messages.REFUSED_BY_STATE);
  expect(refusal.message).toContain(`tidemark reverse ${name} first`);
  await stop();
});
