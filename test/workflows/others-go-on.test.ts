/** After a failover the new primary's other targets are copied to, though the old primary's host is dead. */
import type { RelationshipInput as Document } from '../../src/model/spec';
import * as messages from '../../src/api/messages';
import { FakeHost, FakeWorld } from './fakes';
import { applyTo } from './rig';
import { refusalOf, setUpReplicated } from './switch-rig';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

/** A source and two targets in step, then the source's host is dead and the first target the primary. */
async function setUpFailedOver() {
  let gamma: FakeHost | undefined;
  const rig = await setUpReplicated(world, (document) => {
    gamma = new FakeHost(`${document.metadata.name}-gamma`);
    void world.startHost(gamma);
    document.spec.targets.push({ host: gamma.name, directory: '/srv/c' });
  });
  if (!gamma) throw new Error('no third host');
  const { alpha, beta } = rig;
  await world.stopHost(alpha.name);
  await rig.endOf(await rig.start(messages.failoverUpdate, { target: beta.name }));
  const stop = async () => {
    await world.stopHost(gamma?.name ?? '');
    await rig.stop();
  };
  return { ...rig, gamma, stop };
}

const synced = ({ until, gamma }: Awaited<ReturnType<typeof setUpFailedOver>>, points: number) =>
  until('gamma is in step', ({ operation }) => !operation && gamma.points.length >= points);

test('they are synced at once, and by every tick from then on; the dead one is waited for', async () => {
  const rig = await setUpFailedOver();
  const { name, alpha, beta, gamma, handle } = rig;
  const status = await synced(rig, 2);
  expect(status).toMatchObject({ phase: 'FailedOver', takeover: { from: alpha.name, fenced: false } });
  expect(world.records[0]).toMatchObject({
    reason: 'switched',
    result: 'succeeded',
    targets: [{ name: gamma.name }],
  });
  expect(world.schedules.findLast((each) => each.relationship === name)?.paused).toBe(false);
  const tick = await handle.executeUpdate(messages.syncUpdate, { args: [{ scheduled: true, wait: true }] });
  expect(tick).toMatchObject({ result: 'succeeded' });
  expect(gamma.points).toHaveLength(3);
  expect(await rig.sync()).toMatchObject({ result: 'succeeded' });
  expect(beta.claim).toMatchObject({ role: 'source' });
  expect(gamma.claim).toMatchObject({ role: 'target', epoch: status.epoch });
  await rig.stop();
});

test('what would wait for the dead one is refused at once, in words that name what can be done', async () => {
  const rig = await setUpFailedOver();
  const { name, alpha, gamma, document, handle, start } = rig;
  await synced(rig, 2);
  const refusals = await Promise.all([
    refusalOf(start(messages.reverseUpdate, {})),
    refusalOf(handle.executeUpdate(messages.syncUpdate, { args: [{ targets: [alpha.name] }] })),
    refusalOf(start(messages.relocateUpdate, { target: alpha.name })),
  ]);
  const [reverse, ...others] = refusals.map(({ message }) => message);
  expect(reverse).toMatch(/no agent answers.*the other targets are synced meanwhile/);
  for (const message of others) expect(message).toContain(`tidemark reverse ${name} makes it one`);
  expect(await applyTo(world, document, name)).toMatchObject({ outcome: 'unchanged' });
  // Both sides being well, that is a relocation like any other.
  const moved = await rig.endOf(await start(messages.relocateUpdate, { target: gamma.name }));
  expect(moved.failure).toBeUndefined();
  const after = await rig.until('all is quiet', ({ operation }) => !operation);
  expect(after).toMatchObject({ takeover: { from: alpha.name, target: gamma.name } });
  await world.startHost(alpha);
  await rig.until('the old primary knows', ({ takeover }) => takeover?.fenced === true);
  const back = await rig.endOf(await start(messages.reverseUpdate, { acceptDiverged: true }));
  expect(back.failure).toBeUndefined();
  expect((await rig.settled()).takeover).toBeUndefined();
  await rig.stop();
}, 60_000);

test('a second failover waits for both old primaries, and each is kept before it is made a copy', async () => {
  const rig = await setUpFailedOver();
  const { alpha, beta, gamma, start } = rig;
  await synced(rig, 2);
  await world.startHost(alpha);
  await rig.until('the first knows', ({ takeover }) => takeover?.fenced === true);
  await rig.endOf(await start(messages.failoverUpdate, { target: gamma.name }));
  const { takeover } = await rig.settled();
  expect(takeover).toMatchObject({ from: beta.name, before: { from: alpha.name, target: gamma.name } });
  for (const host of [beta, alpha]) {
    host.comparison = { differences: [], total: 3, unexplained: 3, bytes: 30 };
    const { failure } = await rig.endOf(await start(messages.reverseUpdate, { acceptDiverged: true }));
    expect(failure).toBeUndefined();
    await rig.settled();
    expect(host.points.some(({ diverged }) => diverged)).toBe(true);
  }
  expect((await rig.settled()).takeover).toBeUndefined();
  await rig.stop();
}, 60_000);

test('a spec that gives the dead one up, or names the new primary as the source, is taken, and all is well', async () => {
  const rig = await setUpFailedOver();
  const { name, beta, gamma, document } = rig;
  await synced(rig, 2);
  const given: Document = {
    ...document,
    spec: {
      ...document.spec,
      source: { host: beta.name, directory: '/srv/b' },
      targets: [{ host: gamma.name, directory: '/srv/c' }],
    },
  };
  expect(await applyTo(world, given, name)).toMatchObject({ outcome: 'changed' });
  expect(await rig.sync()).toMatchObject({ result: 'succeeded' });
  const status = await rig.settled();
  expect(status).toMatchObject({ phase: 'Idle', direction: 'forward' });
  expect(status.takeover).toBeUndefined();
  await rig.stop();
}, 60_000);
