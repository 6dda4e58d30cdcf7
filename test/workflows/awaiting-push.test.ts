/** A sync that waits for a push, often for days, is in nobody's way: all else that is asked for ends the waiting, and it comes again. */
import * as messages from '../../src/api/messages';
import { eventually } from '../support/system/system';
import { FakeWorld } from './fakes';
import { applyTo, idle, setUpRelationship } from './rig';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

/** A relationship whose sync waits for somebody to push. */
async function setUp() {
  const parts = await setUpRelationship(world, ({ spec }) => {
    const { host } = spec.source;
    const peer = { host, peer: 'ssh://shop-door:22', credentials: 'keys', signal: 'volsync' as const };
    Object.assign(spec, { source: peer, targets: [{ host, pvc: 'shop/data' }] });
  });
  const { alpha, document, handle, name } = parts;
  alpha.hold = true;
  await applyTo(world, document, name);
  const untilItWaits = (sequence: number) =>
    eventually(`sync ${sequence} waits`, async () => {
      const status = await handle.query(messages.statusQuery);
      return status.phase === 'AwaitingPush' && status.sequence === sequence ? status : undefined;
    });
  await untilItWaits(1);
  const stop = async () => {
    alpha.letGo();
    await parts.stop();
  };
  return { ...parts, untilItWaits, stop };
}

test('a whole push ends it, and becomes a point', async () => {
  const { alpha, handle, stop } = await setUp();
  alpha.letGo();
  expect((await idle(handle)).lastSync).toMatchObject({ result: 'succeeded' });
  expect(alpha.points).toHaveLength(1);
  await stop();
});

test('a pause ends the waiting, and its end begins it anew', async () => {
  const { handle, untilItWaits, stop } = await setUp();
  await handle.executeUpdate(messages.pauseUpdate);
  await eventually('nothing runs', async () => {
    const { phase } = await handle.query(messages.statusQuery);
    return phase === 'Paused' ? true : undefined;
  });
  await handle.executeUpdate(messages.resumeUpdate);
  await untilItWaits(2);
  await stop();
});

test('a changed spec holds from then on, and it waits again by that', async () => {
  const { document, name, untilItWaits, stop } = await setUp();
  document.spec.retain = { last: 7 };
  expect(await applyTo(world, document, name)).toMatchObject({ outcome: 'changed' });
  expect((await untilItWaits(2)).document.spec.retain).toEqual({ last: 7 });
  await stop();
});

test('it is deleted at once', async () => {
  const { handle, stop } = await setUp();
  await handle.executeUpdate(messages.retireUpdate);
  await handle.result();
  await stop();
});

test('nobody compares with a source that is somebody else’s, nor fails over where there is one volume', async () => {
  const { handle, stop } = await setUp();
  await expect(handle.executeUpdate(messages.verifyUpdate, { args: [{}] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('has its source') as unknown },
  });
  await expect(handle.executeUpdate(messages.failoverUpdate, { args: [{}] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('has one volume') as unknown },
  });
  await stop();
});
