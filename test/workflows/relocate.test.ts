/** A relocation loses nothing, or changes nothing; once its target is promoted it goes on to its end. */
import type { RelationshipInput as Document } from '../../src/model/spec';
import * as messages from '../../src/api/messages';
import { sample } from '../support/sample';
import { eventually } from '../support/system/system';
import { FakeWorld } from './fakes';
import { WHENS } from './stage';
import { inLanes, refusalOf, setUpReplicated } from './switch-rig';
import type { SwitchRig } from './switch-rig';

// Runs for every step, on a machine that is busy.
jest.setTimeout(400_000);

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

const withService = ({ spec }: Document) => {
  spec.hooks = {
    quiesce: [{ run: ['stop-app'] }],
    unquiesce: [{ run: ['start-app'] }],
    afterPromote: [{ run: ['start-app'] }],
  };
};
const setUp = (change: (document: Document) => void = withService) => setUpReplicated(world, change);
type Result = messages.RelocateResult;

/** Closing what is not needed any more may fail: it expires. */
const MAY_FAIL = ['closeTransfer', 'release'];

async function stepsOfRelocation(): Promise<string[]> {
  const { start, endOf, stage, stop } = await setUp();
  expect((await endOf(await start(messages.relocateUpdate, {}))).failure).toBeUndefined();
  await stop();
  return stage.steps;
}

/** What it must be like where a relocation came to nothing. */
async function expectUnchanged({ alpha, beta, settled, primaries, sync }: SwitchRig, where: string) {
  const { phase, takeover, direction } = await settled();
  expect({ where, phase, takeover, direction }).toEqual({
    ...{ where, phase: 'Idle', takeover: undefined, direction: 'forward' },
  });
  expect({ where, primaries: primaries() }).toEqual({ where, primaries: [alpha.name] });
  expect({ where, last: alpha.hooksRun.at(-1) }).toEqual({ where, last: 'start-app' });
  expect({ where, hooks: beta.hooksRun }).toEqual({ where, hooks: [] });
  // It was to be epoch 2, which must never come again.
  if (beta.claims.length > 0) expect({ where, epoch: alpha.claim?.epoch }).toEqual({ where, epoch: 3 });
  expect(await sync()).toMatchObject({ result: 'succeeded' });
}

test('it stops the service, syncs, verifies, demotes, promotes, starts the service there, and replicates back', async () => {
  const { alpha, beta, start, endOf, settled, stage, primaries, sync, stop } = await setUp();
  const { result } = await endOf<Result>(await start(messages.relocateUpdate, { target: beta.name }));
  expect(
    stage.only('runHooks', 'transfer', 'publish', 'verify', 'fence', 'rollback', 'promote', 'keepDiverged'),
  ).toEqual([
    ...['alpha runHooks', 'alpha transfer', 'beta publish', 'alpha verify', 'alpha fence'],
    ...['beta rollback', 'beta promote', 'beta runHooks'],
    // What each side has changed since: nothing. Then the way back.
    ...['alpha fence', 'alpha verify', 'beta verify', 'beta transfer', 'alpha publish'],
  ]);
  expect([alpha.hooksRun, beta.hooksRun]).toEqual([['stop-app'], ['start-app']]);
  expect(result?.takeover).toMatchObject({ pointId: beta.points.at(-1)?.id, fenced: true });
  expect(primaries()).toEqual([beta.name]);
  expect(await settled()).toMatchObject({ phase: 'Idle', direction: 'reversed', epoch: 2 });
  stage.clear();
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  expect(stage.only('transfer', 'publish')).toEqual(['beta transfer', 'alpha publish']);
  await stop();
});

test('cancelled at any step before promotion, nothing has changed, and the service runs where it ran', async () => {
  const steps = await stepsOfRelocation();
  const cases = steps
    .slice(0, steps.indexOf('beta promote'))
    .flatMap((_step, number) => WHENS.map((when) => ({ number, when })));
  expect(cases.length).toBeGreaterThan(20);
  await inLanes(sample(cases, 8), async ({ number, when }) => {
    const rig = await setUp();
    const held = rig.stage.hold(number, when);
    const workflowId = await rig.start(messages.relocateUpdate, {});
    const where = `${when} step ${number}, ${await held}`;
    await rig.cancel();
    rig.stage.letGo();
    const { failure } = await rig.endOf(workflowId);
    expect({ where, failure }).toEqual({ where, failure: 'CancelledFailure: Workflow canceled' });
    await expectUnchanged(rig, where);
    await rig.stop();
  });
});

test('whichever step fails until it is promoted, nothing has changed, and nothing waits for anybody', async () => {
  const steps = await stepsOfRelocation();
  const cases = steps.slice(0, steps.indexOf('beta promote') + 1).map((_step, number) => number);
  await inLanes(sample(cases, 6), async (number) => {
    const rig = await setUp();
    const { stage } = rig;
    stage.fail(number, 'VolumeMissing');
    const { failure } = await rig.endOf(await rig.start(messages.relocateUpdate, {}));
    stage.mend();
    const where = `step ${number}, ${stage.steps[number] ?? ''}`;
    if (MAY_FAIL.some((step) => where.endsWith(step))) {
      expect({ where, failure }).toEqual({ where, failure: undefined });
      expect(rig.primaries()).toEqual([rig.beta.name]);
    } else {
      expect(`${where}: ${failure ?? 'all well'}`).toMatch(/ failed/);
      await expectUnchanged(rig, where);
    }
    await rig.stop();
  });
});

test('with a host away nothing waits: it ends with nothing changed', async () => {
  const rig = await setUp();
  const held = rig.stage.hold('beta rollback');
  const workflowId = await rig.start(messages.relocateUpdate, {});
  await held;
  await world.stopHost(rig.beta.name);
  expect((await rig.endOf(workflowId)).failure).toContain(`no agent answers for host ${rig.beta.name}`);
  await world.startHost(rig.beta);
  await expectUnchanged(rig, 'beta away');
  await rig.stop();
});

test('a point that differs from the source is not promoted', async () => {
  const rig = await setUp();
  rig.alpha.comparison = {
    differences: [{ path: 'late.txt', what: ['content'], changedSince: true }],
    ...{ total: 1, unexplained: 0, bytes: 1 },
  };
  const { failure } = await rig.endOf(await rig.start(messages.relocateUpdate, {}));
  expect(failure).toContain('differ in 1 entry, for example late.txt');
  expect(rig.stage.only('fence', 'promote')).toEqual([]);
  rig.alpha.comparison = { differences: [], total: 0, unexplained: 0, bytes: 0 };
  await expectUnchanged(rig, 'differs');
  await rig.stop();
});

test('cancelled while it promotes, or later, it goes on to its end', async () => {
  const steps = await stepsOfRelocation();
  const first = steps.indexOf('beta promote');
  const cases = steps.slice(first).map((_step, index) => first + index);
  await inLanes(sample(cases, 4), async (number) => {
    const rig = await setUp();
    const { alpha, beta, start, endOf, cancel, settled, stage, primaries, stop } = rig;
    const held = stage.hold(number);
    const workflowId = await start(messages.relocateUpdate, {});
    const where = `step ${number}, ${await held}`;
    await cancel();
    stage.letGo();
    expect({ where, ...(await endOf<Result>(workflowId)) }).toMatchObject({ where, result: { epoch: 2 } });
    expect(await settled()).toMatchObject({ phase: 'Idle', direction: 'reversed' });
    expect({ where, primaries: primaries() }).toEqual({ where, primaries: [beta.name] });
    expect([alpha.hooksRun, beta.hooksRun]).toEqual([['stop-app'], ['start-app']]);
    await stop();
  });
});

test('a step that fails after promotion waits for help, and goes on from there', async () => {
  await inLanes(['beta runHooks', 'beta transfer'], async (step) => {
    const { alpha, beta, handle, start, endOf, until, stage, primaries, stop } = await setUp();
    stage.fail(step, 'VolumeMissing');
    const workflowId = await start(messages.relocateUpdate, {});
    const { operation, takeover } = await until(`${step} is waited for`, ({ phase }) => phase === 'Parked');
    expect(operation?.waiting?.text).toContain(`${step} failed`);
    expect(takeover).toMatchObject({ target: beta.name, from: alpha.name });
    stage.mend();
    await handle.signal(messages.resumeSignal);
    expect((await endOf<Result>(workflowId)).failure).toBeUndefined();
    expect(primaries()).toEqual([beta.name]);
    expect(alpha.points).toHaveLength(1);
    await stop();
  });
});

test('there and back again: the second relocation brings it home, in an epoch of its own', async () => {
  const { alpha, start, endOf, settled, primaries, sync, stop } = await setUp();
  expect((await endOf(await start(messages.relocateUpdate, {}))).failure).toBeUndefined();
  await settled();
  const home = await endOf<Result>(await start(messages.relocateUpdate, { target: alpha.name }));
  expect(home.result?.epoch).toBe(3);
  expect(await settled()).toMatchObject({ phase: 'Idle', direction: 'forward', epoch: 3 });
  expect(primaries()).toEqual([alpha.name]);
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  await stop();
});

test('it waits for approval with the service running, and a second one is refused meanwhile', async () => {
  const { handle, start, endOf, until, stage, stop } = await setUp((document) => {
    withService(document);
    document.spec.approval = 'one';
  });
  const workflowId = await start(messages.relocateUpdate, {});
  await until('it waits', ({ phase }) => phase === 'WaitingForApproval');
  expect(stage.steps).toEqual([]);
  const { type, message } = await refusalOf(start(messages.relocateUpdate, {}));
  expect({ type, message }).toMatchObject({
    type: messages.REFUSED_BY_STATE,
    message: expect.stringContaining('relocate runs already') as string,
  });
  await handle.executeUpdate(messages.approveUpdate, { args: [{ by: 'ada' }] });
  expect((await endOf<Result>(workflowId)).result).toMatchObject({ epoch: 2 });
  await stop();
});

test('the syncs within it are found in Temporal like any other', async () => {
  const { name, beta, start, endOf, settled, stop } = await setUp();
  await endOf(await start(messages.relocateUpdate, { target: beta.name }));
  await settled();
  await eventually('all three syncs are listed', async () => {
    const query = `TidemarkRelationship = '${name}' AND TidemarkOperation = 'sync'`;
    const found = [];
    for await (const { workflowId } of world.env.client.workflow.list({ query })) found.push(workflowId);
    return found.length >= 3 ? true : undefined;
  });
  await stop();
});
