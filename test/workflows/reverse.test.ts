/** The way back after a failover: what the old primary alone has is kept, then it becomes a copy of the new one. */
import type { RelationshipInput as Document } from '../../src/model/spec';
import * as messages from '../../src/api/messages';
import { eventually } from '../support/system/system';
import { FakeHost, FakeWorld } from './fakes';
import { applyTo } from './rig';
import { inLanes, refusalOf, setUpReplicated } from './switch-rig';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

const CHANGED = { differences: [], total: 3, unexplained: 0, bytes: 300 };

/** A relationship that has failed over to its target. */
async function setUp() {
  const rig = await setUpReplicated(world, ({ spec }) => {
    spec.trigger = { schedule: '0 3 * * *', jitter: '30s' };
  });
  const { failure } = await rig.endOf(await rig.start(messages.failoverUpdate, {}));
  expect(failure).toBeUndefined();
  await rig.settled();
  rig.stage.clear();
  return rig;
}

type Rig = Awaited<ReturnType<typeof setUp>>;

/** The Schedule, once it is stopped or goes on: it is told after the operation has ended. */
const untilSchedule = ({ name }: Rig, isPaused: boolean) =>
  eventually(`the Schedule of ${name} ${isPaused ? 'is stopped' : 'goes on'}`, () => {
    const last = world.schedules.findLast((each) => each.relationship === name);
    return Promise.resolve(last?.paused === isPaused ? last : undefined);
  });

test('afterwards scheduled syncs go from the new primary to the old one, by the same Schedule', async () => {
  const rig = await setUp();
  const { alpha, beta, handle, start, endOf, settled, stage, stop } = rig;
  const stopped = await untilSchedule(rig, true);
  expect(stopped).toMatchObject({ crons: ['0 3 * * *'], paused: true });
  const tick = () => handle.executeUpdate(messages.syncUpdate, { args: [{ scheduled: true, wait: true }] });
  expect(await tick()).toEqual({ skipped: `failed over to ${beta.name}` });
  expect((await endOf(await start(messages.reverseUpdate, {}))).failure).toBeUndefined();
  const status = await settled();
  expect(status).toMatchObject({
    phase: 'Idle',
    direction: 'reversed',
    epoch: 2,
    targets: [{ host: alpha.name, result: 'succeeded' }],
  });
  expect(status.takeover).toBeUndefined();
  const { crons, timezone, jitterMs, paused } = await untilSchedule(rig, false);
  expect({ crons, timezone, jitterMs, paused }).toEqual({
    crons: stopped.crons,
    timezone: stopped.timezone,
    jitterMs: stopped.jitterMs,
    paused: false,
  });
  stage.clear();
  expect(await tick()).toMatchObject({ result: 'succeeded' });
  expect(stage.only('transfer', 'publish')).toEqual(['beta transfer', 'alpha publish']);
  expect(alpha.points.filter(({ diverged }) => !diverged)).toHaveLength(2);
  await stop();
});

test('where both sides changed it is refused with both numbers and nothing is written; accepted, what the old primary has is kept first', async () => {
  const { name, alpha, beta, start, endOf, settled, stage, stop } = await setUp();
  alpha.comparison = CHANGED;
  beta.comparison = { ...CHANGED, total: 2 };
  const { failure } = await endOf(await start(messages.reverseUpdate, {}));
  expect(failure).toContain('3 entries');
  expect(failure).toContain('2 entries');
  expect(failure).toContain(`tidemark reverse ${name} --accept-diverged`);
  const refused = await settled();
  expect(refused).toMatchObject({ phase: 'FailedOver', takeover: { target: beta.name } });
  expect(refused.notice).toContain('Diverged');
  expect(stage.only('keepDiverged', 'transfer', 'publish')).toEqual([]);
  stage.clear();
  const accepted = await endOf<messages.ReverseResult>(
    await start(messages.reverseUpdate, { acceptDiverged: true }),
  );
  expect(accepted.result?.diverged?.id).toBe(alpha.points.find(({ diverged }) => diverged)?.id);
  expect(stage.only('keepDiverged', 'transfer', 'publish')).toEqual([
    'alpha keepDiverged',
    'beta transfer',
    'alpha publish',
  ]);
  expect((await settled()).phase).toBe('Idle');
  await stop();
});

test('where only the old primary changed, that is kept without asking; where it did not, nothing is', async () => {
  await inLanes([CHANGED.total, 0], async (total) => {
    const { alpha, start, endOf, stage, stop } = await setUp();
    alpha.comparison = { ...CHANGED, total };
    expect((await endOf(await start(messages.reverseUpdate, {}))).failure).toBeUndefined();
    expect(stage.only('keepDiverged')).toEqual(total > 0 ? ['alpha keepDiverged'] : []);
    await stop();
  });
});

test('an old primary that fails in the middle parks it; cancelled, it stays failed over and can be tried again', async () => {
  const { alpha, beta, start, endOf, cancel, until, settled, stage, primaries, stop } = await setUp();
  alpha.comparison = CHANGED;
  stage.fail('alpha keepDiverged', 'TargetFull');
  const workflowId = await start(messages.reverseUpdate, {});
  const { operation } = await until('it is parked', ({ phase }) => phase === 'Parked');
  expect(operation?.waiting?.text).toContain('KeepingDiverged');
  await cancel();
  expect((await endOf(workflowId)).failure).toBe('CancelledFailure: Workflow canceled');
  expect(await settled()).toMatchObject({ phase: 'FailedOver', takeover: { target: beta.name } });
  expect(primaries()).toEqual([beta.name]);
  stage.mend();
  expect((await endOf(await start(messages.reverseUpdate, {}))).failure).toBeUndefined();
  expect((await settled()).phase).toBe('Idle');
  await stop();
});

test('until then syncs, verifications and relocations are refused, and say what to do', async () => {
  const { name, beta, handle, start, stop } = await setUp();
  const refusals = await Promise.all([
    refusalOf(handle.executeUpdate(messages.syncUpdate, { args: [{}] })),
    refusalOf(handle.executeUpdate(messages.verifyUpdate, { args: [{}] })),
    refusalOf(start(messages.relocateUpdate, {})),
  ]);
  for (const { type, message } of refusals) {
    expect(type).toBe(messages.REFUSED_BY_STATE);
    expect(message).toContain(`failed over to ${beta.name}`);
    expect(message).toContain(`tidemark reverse ${name}`);
  }
  await stop();
});

test('a spec without the new primary is refused, and any other is taken; what replaces an old primary is brought up from nothing', async () => {
  const { name, alpha, beta, document, status, until, stop } = await setUp();
  const other = (spec: Partial<Document['spec']>) =>
    applyTo(world, { ...document, spec: { ...document.spec, ...spec } }, name);
  const targets = [{ host: beta.name, directory: '/srv/elsewhere' }];
  expect((await refusalOf(other({ targets }))).message).toContain(`${beta.name}:/srv/b is the primary`);
  expect(await other({ retain: { last: 7 } })).toMatchObject({ outcome: 'changed' });
  expect(await status()).toMatchObject({ phase: 'FailedOver', document: { spec: { retain: { last: 7 } } } });
  const gamma = new FakeHost(`${name}-gamma`);
  await world.startHost(gamma);
  const source = { host: gamma.name, directory: '/srv/a' };
  expect(await other({ source })).toMatchObject({ outcome: 'changed' });
  const after = await until('what replaces it is in step', ({ targets: [target], operation }) => {
    return target?.result === 'succeeded' && !operation;
  });
  expect(after).toMatchObject({ phase: 'Idle', targets: [{ host: gamma.name }] });
  expect(gamma.points.filter(({ diverged }) => !diverged)).toHaveLength(1);
  expect(alpha.points).toEqual([]);
  await world.stopHost(gamma.name);
  await stop();
});

test('no other spec is taken while the primary changes', async () => {
  const { name, document, start, endOf, settled, stage, stop } = await setUp();
  const held = stage.hold('beta transfer');
  const workflowId = await start(messages.reverseUpdate, {});
  await held;
  const other = { ...document, spec: { ...document.spec, retain: { last: 7 } } };
  expect((await refusalOf(applyTo(world, other, name))).message).toContain('reverse runs');
  expect(await applyTo(world, document, name)).toMatchObject({ outcome: 'unchanged' });
  stage.letGo();
  expect((await endOf(workflowId)).failure).toBeUndefined();
  await settled();
  expect(await applyTo(world, other, name)).toMatchObject({ outcome: 'changed' });
  await stop();
});
