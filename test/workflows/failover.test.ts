/** A target takes over from a primary that is lost, or given up; and until then everything can be put back. */
import type { RelationshipInput as Document } from '../../src/model/spec';
import * as messages from '../../src/api/messages';
import { sample } from '../support/sample';
import { eventually } from '../support/system/system';
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

/** A service that is started where the data is promoted. */
const withService = ({ spec }: Document) => {
  spec.hooks = { afterPromote: [{ run: ['start-app'] }] };
};
const setUp = (change: (document: Document) => void = withService) => setUpReplicated(world, change);
type Result = messages.FailoverResult;

/** The steps of a failover that nothing disturbs, in order. */
async function stepsOfFailover(): Promise<string[]> {
  const { start, endOf, stage, stop } = await setUp();
  const { failure } = await endOf(await start(messages.failoverUpdate, {}));
  expect(failure).toBeUndefined();
  await stop();
  return stage.steps;
}

test('it fences the old primary, then rolls the target back, then promotes it in the next epoch, then runs the hooks', async () => {
  const { alpha, beta, start, endOf, settled, stage, primaries, stop } = await setUp();
  const { result } = await endOf<Result>(await start(messages.failoverUpdate, { target: beta.name }));
  expect(stage.only('fence', 'rollback', 'promote', 'runHooks')).toEqual([
    'alpha fence',
    'beta rollback',
    'beta promote',
    'beta runHooks',
  ]);
  const pointId = beta.points.at(-1)?.id;
  expect(result).toMatchObject({
    epoch: 2,
    takeover: { target: beta.name, from: alpha.name, fenced: true, pointId },
  });
  expect(beta.rolledBackTo).toBe(pointId);
  expect(beta.hooksRun).toEqual(['start-app']);
  expect([alpha.claim, beta.claim]).toMatchObject([
    { epoch: 2, role: 'target' },
    { epoch: 2, role: 'source' },
  ]);
  expect(primaries()).toEqual([beta.name]);
  expect(await settled()).toMatchObject({ phase: 'FailedOver', direction: 'reversed', epoch: 2 });
  await stop();
});

test('cancelled at any step before promotion, all is put back: the old primary alone is one, in a later epoch', async () => {
  const steps = await stepsOfFailover();
  const cases = steps
    .slice(0, steps.indexOf('beta promote'))
    .flatMap((_step, number) => WHENS.map((when) => ({ number, when })));
  expect(cases.length).toBeGreaterThan(10);
  await inLanes(sample(cases, 6), async ({ number, when }) => {
    const { alpha, beta, start, endOf, cancel, settled, stage, primaries, sync, stop } = await setUp();
    const held = stage.hold(number, when);
    const workflowId = await start(messages.failoverUpdate, {});
    const where = `${when} ${await held}`;
    await cancel();
    stage.letGo();
    const { failure } = await endOf(workflowId);
    const { phase, takeover, epoch, direction } = await settled();
    const attempted = Math.max(0, ...[...alpha.claims, ...beta.claims].map((claim) => claim.epoch));
    expect({ where, failure, phase, takeover, direction }).toEqual({
      ...{ where, failure: 'CancelledFailure: Workflow canceled', phase: 'Idle' },
      ...{ takeover: undefined, direction: 'forward' },
    });
    expect({ where, primaries: primaries() }).toEqual({ where, primaries: [alpha.name] });
    if (stage.steps.includes('alpha fence')) {
      expect({ where, claim: alpha.claim }).toMatchObject({ where, claim: { epoch: attempted } });
      expect(attempted).toBeGreaterThan(2);
    }
    expect(epoch).toBeGreaterThanOrEqual(attempted);
    expect(await sync()).toMatchObject({ result: 'succeeded' });
    expect(beta.hooksRun).toEqual([]);
    await stop();
  });
});

test('cancelled while it promotes, or later, it goes on to its end: the target is the primary', async () => {
  const steps = await stepsOfFailover();
  const first = steps.indexOf('beta promote');
  const cases = steps
    .slice(first)
    .flatMap((_step, index) => WHENS.map((when) => ({ number: first + index, when })));
  await inLanes(sample(cases, 4), async ({ number, when }) => {
    const { alpha, beta, start, endOf, cancel, settled, stage, primaries, stop } = await setUp();
    const held = stage.hold(number, when);
    const workflowId = await start(messages.failoverUpdate, {});
    const where = `${when} ${await held}`;
    await cancel();
    stage.letGo();
    const { result, failure } = await endOf<Result>(workflowId);
    expect({ where, failure, epoch: result?.epoch }).toEqual({ where, failure: undefined, epoch: 2 });
    expect(await settled()).toMatchObject({ phase: 'FailedOver', takeover: { target: beta.name } });
    expect({ where, primaries: primaries() }).toEqual({ where, primaries: [beta.name] });
    expect(alpha.claim).toMatchObject({ epoch: 2, role: 'target' });
    expect(beta.hooksRun).toEqual(['start-app']);
    await stop();
  });
});

test('with the source dead it ends all the same, and says why that is not fenced; back again, it is fenced by itself', async () => {
  const { alpha, beta, start, endOf, until, stop } = await setUp();
  await world.stopHost(alpha.name);
  const { result } = await endOf<Result>(await start(messages.failoverUpdate, {}));
  expect(result?.takeover).toMatchObject({ target: beta.name, fenced: false });
  expect(result?.takeover.fencing).toContain(`no agent answers for host ${alpha.name}`);
  expect(result?.price.unknown.join()).toContain(`no agent answers for host ${alpha.name}`);
  expect(alpha.claims).toEqual([]);
  await world.startHost(alpha);
  const { phase, takeover } = await until('the old primary is fenced', (each) => !!each.takeover?.fenced);
  expect({ phase, fencing: takeover?.fencing }).toEqual({ phase: 'FailedOver', fencing: undefined });
  expect(alpha.claim).toMatchObject({ epoch: 2, role: 'target' });
  await stop();
});

test('an old primary that is back and can not be fenced is asked again, but never without a pause', async () => {
  const { alpha, handle, start, endOf, until, stage, stop } = await setUp();
  stage.fail('alpha fence', 'VolumeMissing');
  const { result } = await endOf<Result>(await start(messages.failoverUpdate, {}));
  expect(result?.takeover).toMatchObject({ fenced: false });
  const asked = () => stage.only('fence').length;
  await eventually('it is asked again', async () => (asked() >= 2 ? true : undefined));
  const { takeover } = await until('it is said', (each) => !!each.takeover?.fencing);
  expect(takeover?.fencing).toContain('alpha fence failed');
  const events = async () => (await handle.describe()).historyLength;
  const before = await events();
  await new Promise((done) => setTimeout(done, 2000));
  // One more round at most; without a pause it would be dozens.
  expect((await events()) - before).toBeLessThan(40);
  stage.mend();
  await until('it is fenced', (each) => !!each.takeover?.fenced);
  expect(alpha.claim).toMatchObject({ epoch: 2, role: 'target' });
  await stop();
});

test('a step that fails before promotion parks it: it says what it needs, and goes on when resumed', async () => {
  await inLanes(['beta listPoints', 'beta rollback', 'beta promote', 'beta runHooks'], async (step) => {
    const { beta, handle, start, endOf, until, stage, primaries, stop } = await setUp();
    stage.fail(step, 'VolumeMissing');
    const workflowId = await start(messages.failoverUpdate, {});
    const { phase, operation } = await until(`${step} is waited for`, (each) => !!each.operation?.waiting);
    expect({ phase, waiting: operation?.waiting }).toMatchObject({
      phase: 'Parked',
      waiting: { for: 'resume', text: expect.stringContaining(`${step} failed`) as string },
    });
    expect(operation?.waiting?.text).toContain(beta.name);
    stage.mend();
    await handle.signal(messages.resumeSignal);
    expect((await endOf<Result>(workflowId)).result).toMatchObject({ epoch: 2 });
    expect(primaries()).toEqual([beta.name]);
    await stop();
  });
});

test('parked, it goes on by itself as soon as the agent that it needs is back', async () => {
  const { beta, start, endOf, until, primaries, stop } = await setUp();
  await world.stopHost(beta.name);
  const workflowId = await start(messages.failoverUpdate, {});
  const { operation } = await until('the target is waited for', ({ phase }) => phase === 'Parked');
  expect(operation?.waiting?.text).toContain(`tidemark agent --host ${beta.name}`);
  await world.startHost(beta);
  expect((await endOf<Result>(workflowId)).result).toMatchObject({ epoch: 2 });
  expect(primaries()).toEqual([beta.name]);
  await stop();
});

test('parked before promotion, it can be cancelled, and all is put back', async () => {
  const { alpha, start, endOf, cancel, until, stage, primaries, sync, stop } = await setUp();
  stage.fail('beta rollback', 'TargetFull');
  const workflowId = await start(messages.failoverUpdate, {});
  await until('it is parked', ({ phase }) => phase === 'Parked');
  await cancel();
  expect(await endOf(workflowId)).toEqual({ failure: 'CancelledFailure: Workflow canceled' });
  expect(primaries()).toEqual([alpha.name]);
  expect(alpha.claim).toMatchObject({ epoch: 3 });
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  await stop();
});

test('parked in its promotion, it can be cancelled, and all is put back: so a dead target leaves no relationship without a primary', async () => {
  const { alpha, beta, start, endOf, cancel, until, stage, primaries, sync, stop } = await setUp();
  stage.fail('beta promote', 'NotMounted');
  const workflowId = await start(messages.failoverUpdate, {});
  await until('it is parked', ({ phase }) => phase === 'Parked');
  await cancel();
  expect((await endOf(workflowId)).failure).toBe('ApplicationFailure: beta promote failed');
  expect(primaries()).toEqual([alpha.name]);
  expect([alpha.claim, beta.claim]).toMatchObject([
    { epoch: 3, role: 'source' },
    { epoch: 3, role: 'target' },
  ]);
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  await stop();
});

test('parked after promotion, it can be cancelled, and ends as it stands: failed over, with the way back open', async () => {
  const { beta, start, endOf, cancel, until, settled, stage, primaries, stop } = await setUp();
  stage.fail('beta runHooks', 'HookFailed');
  const workflowId = await start(messages.failoverUpdate, {});
  await until('it is parked', ({ phase }) => phase === 'Parked');
  await cancel();
  expect((await endOf(workflowId)).failure).toBe('ApplicationFailure: beta runHooks failed');
  const { phase, takeover, notice } = await settled();
  expect({ phase, takeover }).toMatchObject({ phase: 'FailedOver', takeover: { target: beta.name } });
  expect(notice).toContain('beta runHooks failed');
  expect(primaries()).toEqual([beta.name]);
  expect((await endOf(await start(messages.reverseUpdate, {}))).failure).toBeUndefined();
  await stop();
});

test('what could not be put back is said', async () => {
  const { alpha, start, endOf, cancel, stage, sync, stop } = await setUp();
  const held = stage.hold('beta rollback');
  const workflowId = await start(messages.failoverUpdate, {});
  await held;
  stage.fail('alpha promote', 'ToolFailed');
  await cancel();
  stage.letGo();
  expect((await endOf(workflowId)).failure).toBe(
    'ApplicationFailure: cancelled; not undone: alpha promote failed',
  );
  // The epoch was never given away: the next sync takes it, and the source with it.
  expect(await sync()).toMatchObject({ result: 'succeeded' });
  expect(alpha.claim).toMatchObject({ role: 'source', epoch: 3 });
  await stop();
});

test('a relationship that is terminated takes its failover down with all put back', async () => {
  const { alpha, handle, start, endOf, stage, primaries, stop } = await setUp();
  const held = stage.hold('beta rollback');
  const workflowId = await start(messages.failoverUpdate, {});
  await held;
  await handle.terminate('a test');
  expect(await endOf(workflowId)).toEqual({ failure: 'CancelledFailure: Workflow canceled' });
  stage.letGo();
  expect(primaries()).toEqual([alpha.name]);
  expect(alpha.claim).toMatchObject({ epoch: 3 });
  await stop();
});

test('where two must approve it waits for two names: the same name twice counts once', async () => {
  const { beta, handle, start, endOf, until, stage, stop } = await setUp((document) => {
    withService(document);
    document.spec.approval = 'two';
  });
  const approve = (by: string) => handle.executeUpdate(messages.approveUpdate, { args: [{ by }] });
  const workflowId = await start(messages.failoverUpdate, {});
  const { operation } = await until('it waits', ({ phase }) => phase === 'WaitingForApproval');
  expect(operation?.waiting?.text).toContain('0 of 2 approvals; 2 more people are needed');
  expect((await approve('ada')).approvals).toMatchObject({ needed: 2, by: ['ada'] });
  await until('one has approved', (each) => each.operation?.waiting?.text.includes('ada') ?? false);
  await approve('ada');
  await approve('ada');
  const { waiting } = (await until('it still waits', ({ phase }) => phase === 'WaitingForApproval'))
    .operation ?? { waiting: undefined };
  expect(waiting?.text).toContain('1 of 2 approvals (ada); 1 more person is needed');
  expect(stage.only('fence', 'rollback', 'promote')).toEqual([]);
  await approve('bob');
  expect((await endOf<Result>(workflowId)).result).toMatchObject({ epoch: 2 });
  expect(stage.only('promote')).toEqual(['beta promote']);
  expect(beta.hooksRun).toEqual(['start-app']);
  await stop();
});

test('of two operators at once one is refused in words that say what runs: never two takeovers', async () => {
  const { alpha, beta, start, endOf, handle, settled, stage, stop } = await setUp();
  const held = stage.hold('alpha fence');
  const both = await Promise.allSettled([1, 2].map(() => start(messages.failoverUpdate, {})));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await held;
  const third = await refusalOf(handle.executeUpdate(messages.failoverUpdate, { args: [{}] }));
  expect(third.type).toBe(messages.REFUSED_BY_STATE);
  expect(third.message).toContain('failover runs already');
  stage.letGo();
  const started = both.find((each) => each.status === 'fulfilled');
  expect((await endOf<Result>(started?.value ?? '')).result).toMatchObject({ epoch: 2 });
  await settled();
  expect(stage.only('fence', 'promote')).toEqual(['alpha fence', 'beta promote']);
  expect([alpha.claims, beta.claims].flat().map(({ epoch }) => epoch)).toEqual([2, 2, 2]);
  await stop();
});

test('a sync that runs is ended first', async () => {
  const { name, handle, start, endOf, stage, stop } = await setUp();
  const held = stage.hold('alpha transfer');
  await handle.executeUpdate(messages.syncUpdate, { args: [{}] });
  await held;
  const workflowId = await start(messages.failoverUpdate, {});
  stage.letGo();
  expect((await endOf<Result>(workflowId)).result).toMatchObject({ epoch: 2 });
  expect(world.records.find(({ relationship }) => relationship === name)).toMatchObject({
    result: 'cancelled',
  });
  expect(stage.steps.indexOf('beta closeTransfer')).toBeLessThan(stage.steps.indexOf('beta listPoints'));
  expect(stage.steps).not.toContain('beta publish');
  await stop();
});

test('paused, it fails over too, and is paused still once it is reversed', async () => {
  const { name, alpha, handle, start, endOf, settled, stop } = await setUp();
  await handle.executeUpdate(messages.pauseUpdate);
  expect((await endOf<Result>(await start(messages.failoverUpdate, {}))).result).toMatchObject({ epoch: 2 });
  expect(await settled()).toMatchObject({ phase: 'FailedOver', paused: true });
  expect((await endOf(await start(messages.reverseUpdate, {}))).failure).toBeUndefined();
  expect(await settled()).toMatchObject({ phase: 'Paused', direction: 'reversed' });
  expect(alpha.points).toHaveLength(1);
  expect(world.schedules.findLast((each) => each.relationship === name)).toMatchObject({ paused: true });
  await stop();
});

test('a drill goes on while its target takes over', async () => {
  const { beta, start, endOf, settled, until, stage, stop } = await setUp(({ spec }) => {
    spec.hooks = { startDrill: [{ run: ['boot'] }], probeDrill: [{ run: ['probe'] }] };
  });
  const held = stage.hold('beta runHooks');
  const drill = await start(messages.drillUpdate, {});
  await held;
  expect((await endOf<Result>(await start(messages.failoverUpdate, {}))).result).toMatchObject({ epoch: 2 });
  expect(await settled()).toMatchObject({ phase: 'FailedOver', drill: { workflowId: drill } });
  stage.letGo();
  const { lastDrill } = await until('the drill has ended', (each) => each.lastDrill !== undefined);
  expect(lastDrill).toMatchObject({ workflowId: drill, result: 'succeeded' });
  expect(beta.clones.size).toBe(0);
  await stop();
});

test('a target that was never synced is refused with nothing changed, unless what lies there is accepted', async () => {
  const { alpha, beta, start, endOf, settled, stage, primaries, stop } = await setUp();
  beta.points.splice(0);
  const refused = await endOf(await start(messages.failoverUpdate, {}));
  expect(refused.failure).toContain('no sync to');
  expect(stage.only('fence', 'rollback', 'promote')).toEqual([]);
  expect(await settled()).toMatchObject({ phase: 'Idle', epoch: 1 });
  expect(primaries()).toEqual([alpha.name]);
  const { result } = await endOf<Result>(await start(messages.failoverUpdate, { acceptIncomplete: true }));
  expect(result?.takeover).toMatchObject({ pointId: null, capturedAt: null });
  expect(beta.rolledBackTo).toBeUndefined();
  expect(primaries()).toEqual([beta.name]);
  await stop();
});

test('messages that make no sense are refused, and nothing is changed', async () => {
  const { handle, start, status, stop } = await setUp();
  expect((await refusalOf(start(messages.failoverUpdate, { target: 'nobody' }))).message).toContain(
    'has no target nobody',
  );
  expect((await refusalOf(start(messages.reverseUpdate, {}))).message).toContain('has not failed over');
  expect((await refusalOf(handle.executeUpdate(messages.cancelUpdate))).message).toContain('nothing runs');
  await handle.signal('failover', { target: 'nobody' });
  const notice = await eventually('the refusal is shown', async () => (await status()).notice);
  expect(notice).toContain('has no target nobody');
  expect(await status()).toMatchObject({ phase: 'Idle', epoch: 1 });
  await stop();
});
