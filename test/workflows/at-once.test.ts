/** Operations that are asked for at the same moment are each answered with what is true by then. */
import * as messages from '../../src/api/messages';
import { eventually } from '../support/system/system';
import { FakeWorld } from './fakes';
import { applyTo } from './rig';
import { refusalOf, setUpReplicated } from './switch-rig';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

test('who fails over at the price of before another failover is told of that, whatever they name', async () => {
  const { name, alpha, beta, handle, start, endOf, settled, stop } = await setUpReplicated(world);
  const { epoch } = await handle.executeUpdate(messages.priceUpdate, { args: [{}] });
  await endOf(await start(messages.failoverUpdate, {}));
  await settled();
  const asked = [
    start(messages.failoverUpdate, { target: beta.name, epoch: epoch ?? 0 }),
    start(messages.failoverUpdate, { target: beta.name }),
    start(messages.failoverUpdate, {}),
    start(messages.failoverUpdate, { target: alpha.name, epoch: epoch ?? 0 }),
    start(messages.relocateUpdate, { target: beta.name }),
    handle.executeUpdate(messages.priceUpdate, { args: [{ target: beta.name }] }),
  ];
  for (const refusal of await Promise.all(asked.map(refusalOf)))
    expect(refusal.message).toContain(`${name} has failed over to ${beta.name}`);
  await stop();
});

test('of two reversals, or two relocations, the second is told that nothing is left to do', async () => {
  const { alpha, beta, status, start, endOf, settled, stop } = await setUpReplicated(world);
  const { epoch } = await status();
  await endOf(await start(messages.relocateUpdate, { target: beta.name, epoch }));
  await settled();
  expect((await refusalOf(start(messages.relocateUpdate, { target: alpha.name, epoch }))).message).toContain(
    'has changed: it is in epoch 2',
  );
  await endOf(await start(messages.failoverUpdate, { target: alpha.name }));
  await settled();
  await endOf(await start(messages.reverseUpdate, { acceptDiverged: true }));
  await settled();
  expect((await refusalOf(start(messages.reverseUpdate, {}))).message).toContain('nothing to reverse');
  await stop();
});

test('what is asked of one that is being deleted is refused, not left waiting', async () => {
  const { name, handle, document, stage, start, stop } = await setUpReplicated(world);
  const held = stage.hold('alpha retireEndpoint');
  const deleted = handle.executeUpdate(messages.retireUpdate);
  await held;
  const asked = [
    refusalOf(start(messages.failoverUpdate, {})),
    refusalOf(handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] })),
    refusalOf(applyTo(world, { ...document, spec: { ...document.spec, retain: { last: 7 } } }, name)),
  ];
  await eventually('all three are admitted', async () => {
    const { events } = await handle.fetchHistory();
    const updates = events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes) ?? [];
    return updates.length >= 5 ? true : undefined;
  });
  stage.letGo();
  await deleted;
  for (const { message } of await Promise.all(asked)) expect(message).toContain('was deleted');
  expect(await handle.result()).toBeUndefined();
  await stop();
});

test('a pause holds what waits behind a running sync, and resume lets it go', async () => {
  const { alpha, beta, handle, stage, status, until, stop } = await setUpReplicated(world);
  alpha.hold = true;
  await handle.executeUpdate(messages.syncUpdate, { args: [{}] });
  await eventually('the transfer runs', async () => stage.only('transfer').length > 0 || undefined);
  const waiting = handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] });
  await eventually('another waits', async () => {
    const { events } = await handle.fetchHistory();
    return events && events.filter((each) => each.workflowExecutionUpdateAcceptedEventAttributes).length >= 3
      ? true
      : undefined;
  });
  await handle.executeUpdate(messages.pauseUpdate);
  alpha.letGo();
  const { sequence } = await until('it is paused', ({ phase }) => phase === 'Paused');
  await new Promise((done) => setTimeout(done, 500));
  expect(await status()).toMatchObject({ phase: 'Paused', sequence });
  expect(beta.points).toHaveLength(2);
  await handle.executeUpdate(messages.resumeUpdate);
  expect(await waiting).toMatchObject({ result: 'succeeded' });
  expect(beta.points).toHaveLength(3);
  await stop();
});

test('apply says from which sync on its spec holds', async () => {
  const { name, alpha, document, handle, stage, until, stop } = await setUpReplicated(world);
  alpha.hold = true;
  const { syncId } = await handle.executeUpdate(messages.syncUpdate, { args: [{}] });
  await eventually('the transfer runs', async () => stage.only('transfer').length > 0 || undefined);
  const changed = { ...document, spec: { ...document.spec, retain: { last: 7 } } };
  const { sequence } = await applyTo(world, changed, name);
  expect(syncId).toBe(`${name}-00000${sequence}`);
  alpha.letGo();
  await until('it is over', ({ operation }) => !operation);
  await stop();
});
