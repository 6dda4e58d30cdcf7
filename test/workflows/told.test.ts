/** What a relationship tells of itself at each change, beside its history, is what it answers when it is asked. */
import * as messages from '../../src/api/messages';
import { makeRelationshipId } from '../../src/model/names';
import type { RelationshipStatus } from '../../src/model/status';
import { FakeWorld } from './fakes';
import { setUpReplicated } from './switch-rig';
import type { SwitchRig } from './switch-rig';

let world: FakeWorld;

beforeAll(async () => {
  world = await FakeWorld.start();
}, 120_000);

afterAll(() => world.stop());

const toldBy = ({ name }: Pick<SwitchRig, 'name'>) => world.told.filter(({ status }) => status.name === name);
const handleOf = ({ name }: Pick<SwitchRig, 'name'>) =>
  world.env.client.workflow.getHandle(makeRelationshipId(name));

/** What was told last is what it is, once it says that. */
async function expectTold(rig: SwitchRig): Promise<void> {
  const status = await handleOf(rig).query<RelationshipStatus>('status');
  expect(toldBy(rig).at(-1)?.status).toEqual(status);
  const told = await handleOf(rig).query(messages.toldQuery);
  expect(told).toMatchObject({ status, at: toldBy(rig).at(-1)?.at });
}

test('each change is told, in its order, before whoever asked for it has an answer', async () => {
  const rig = await setUpReplicated(world);
  await expectTold(rig);
  const before = toldBy(rig).length;
  expect(await rig.sync()).toMatchObject({ result: 'succeeded' });
  await rig.until('it rests', ({ operation }) => operation === undefined);
  await expectTold(rig);
  const phases = toldBy(rig)
    .slice(before)
    .map(({ status }) => status.phase);
  expect(phases).toContain('Syncing');
  expect(phases.at(-1)).toBe('Idle');
  for (const [update, paused] of [
    [messages.pauseUpdate, true],
    [messages.resumeUpdate, false],
  ] as const) {
    await handleOf(rig).executeUpdate(update);
    expect(toldBy(rig).at(-1)?.status.paused).toBe(paused);
  }
  const times = toldBy(rig).map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
  await rig.stop();
});

test('nothing is told twice, and nothing by a query', async () => {
  const rig = await setUpReplicated(world);
  await handleOf(rig).executeUpdate(messages.pauseUpdate);
  const told = toldBy(rig);
  await handleOf(rig).executeUpdate(messages.pauseUpdate);
  for (let query = 0; query < 3; query++) await handleOf(rig).query('status');
  expect(toldBy(rig)).toEqual(told);
  const texts = told.map(({ status, events }) => JSON.stringify([status, events]));
  expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([]);
  await rig.stop();
});

test('that it was deleted is told last', async () => {
  const rig = await setUpReplicated(world);
  await handleOf(rig).executeUpdate(messages.retireUpdate);
  await handleOf(rig).result();
  expect(toldBy(rig).at(-1)?.status.phase).toBe('Retired');
});
