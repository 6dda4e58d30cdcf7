/** A relationship lives for years, in runs that follow each other: nothing is lost between them. */
import { WithStartWorkflowOperation } from '@temporalio/client';
import * as messages from '../../src/api/messages';
import { CONTROL_QUEUE, makeRelationshipId } from '../../src/model/names';
import type { relationship } from '../../src/workflows/relationship';
import { eventually } from '../support/system/system';
import { FakeWorld } from './fakes';
import { applyTo, idle, setUpRelationship } from './rig';
import { setUpReplicated } from './switch-rig';

/** Some three syncs. */
const EVENTS = 60;

let world: FakeWorld;

beforeAll(async () => {
  const limit = `limit.historyCount.suggestContinueAsNew=${EVENTS}`;
  world = await FakeWorld.start(['--dynamic-config-value', limit]);
}, 120_000);

afterAll(() => world.stop());

type Rig = Awaited<ReturnType<typeof setUpRelationship>>;

const runOf = async ({ handle }: Rig) => (await handle.describe()).runId;

/** Syncs until the relationship has continued in another run. */
async function untilContinued(rig: Rig): Promise<number> {
  const first = await runOf(rig);
  for (let syncs = 1; syncs <= 30; syncs++) {
    await rig.handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] });
    if ((await runOf(rig)) !== first) return syncs;
  }
  throw new Error('it never continued as new');
}

/** Skipped ticks alone bring it into its next run. */
async function tickUntilContinued(rig: Rig): Promise<void> {
  const first = await runOf(rig);
  await eventually('it continued as new', async () => {
    await rig.handle.executeUpdate(messages.syncUpdate, { args: [{ scheduled: true }] });
    return (await runOf(rig)) === first ? undefined : true;
  });
}

test('state, history and numbers go on in the next run', async () => {
  const rig = await setUpRelationship(world);
  await applyTo(world, rig.document, rig.name);
  await idle(rig.handle);
  await untilContinued(rig);
  await untilContinued(rig);
  const { sequence, lastSync, targets } = await rig.handle.query(messages.statusQuery);
  const history = await rig.handle.query(messages.historyQuery);
  expect(history.map((record) => record.sequence)).toEqual(
    Array.from({ length: sequence }, (_, index) => sequence - index),
  );
  expect(lastSync?.result).toBe('succeeded');
  expect(targets[0]?.recoveryPoint).toBe(rig.beta.points.at(-1)?.id);
  expect(rig.beta.points).toHaveLength(sequence);
  await rig.stop();
}, 120_000);

test('requests that arrive while it continues are all answered, each by a sync that began after it', async () => {
  const rig = await setUpRelationship(world);
  await applyTo(world, rig.document, rig.name);
  await idle(rig.handle);
  const first = await runOf(rig);
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      const results: string[] = [];
      for (let turn = 0; turn < 6; turn++) {
        await new Promise((done) => setTimeout(done, lane * 37));
        const { result } = await rig.handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] });
        results.push(result ?? 'none');
      }
      return results;
    }),
  );
  expect(new Set(answers.flat())).toEqual(new Set(['succeeded']));
  expect(await runOf(rig)).not.toBe(first);
  await rig.stop();
}, 120_000);

test('a request that comes with the very first task of the next run is carried out', async () => {
  const rig = await setUpRelationship(world);
  await applyTo(world, rig.document, rig.name);
  await idle(rig.handle);
  const carried = await rig.handle.query(messages.carriedQuery);
  await rig.handle.terminate();
  const answer = await world.env.client.workflow.executeUpdateWithStart(messages.syncUpdate, {
    args: [{ scheduled: true, wait: true }],
    startWorkflowOperation: new WithStartWorkflowOperation<typeof relationship>('relationship', {
      workflowId: makeRelationshipId(rig.name),
      taskQueue: CONTROL_QUEUE,
      workflowIdConflictPolicy: 'FAIL',
      args: [{ name: rig.name, carried }],
    }),
  });
  expect(answer).toMatchObject({ result: 'succeeded' });
  expect(await rig.handle.query(messages.statusQuery)).toMatchObject({ sequence: carried.sequence + 1 });
  await rig.stop();
}, 120_000);

test('a relationship that is paused is so in the next run, and skipped ticks alone bring it there', async () => {
  const rig = await setUpRelationship(world);
  await applyTo(world, rig.document, rig.name);
  await idle(rig.handle);
  await rig.handle.executeUpdate(messages.pauseUpdate);
  await tickUntilContinued(rig);
  const { paused, missedTicks } = await rig.handle.query(messages.statusQuery);
  expect(paused).toBe(true);
  expect(missedTicks).toBeGreaterThan(0);
  await rig.handle.executeUpdate(messages.resumeUpdate);
  expect(await rig.handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] })).toMatchObject({
    result: 'succeeded',
  });
  await rig.stop();
}, 120_000);

test('who is primary, what was taken over and when drills are held go on in the next run', async () => {
  const rig = await setUpReplicated(world);
  const { alpha, beta, handle, start, endOf, settled, status, stage, until, stop } = rig;
  const cron = '0 4 1 * *';
  await handle.executeUpdate(messages.scheduleDrillUpdate, { args: [{ cron }] });
  await world.stopHost(alpha.name);
  expect((await endOf(await start(messages.failoverUpdate, {}))).failure).toBeUndefined();
  const { takeover } = await settled();
  await tickUntilContinued(rig);
  expect(await status()).toMatchObject({
    ...{ phase: 'FailedOver', direction: 'reversed', epoch: 2, drillSchedule: cron },
    takeover: { target: beta.name, from: alpha.name, pointId: takeover?.pointId, fenced: false },
  });
  // The old primary is watched on.
  await world.startHost(alpha);
  await until('the old primary is fenced', (each) => !!each.takeover?.fenced);
  expect((await endOf(await start(messages.reverseUpdate, {}))).failure).toBeUndefined();
  await settled();
  await handle.executeUpdate(messages.pauseUpdate);
  await tickUntilContinued(rig);
  await handle.executeUpdate(messages.resumeUpdate);
  // Told once more, as a signal may be: that is over.
  const news = { workflowId: takeover?.workflowId ?? '', epoch: 2, takeover };
  await handle.signal('operationNews', news);
  expect(await status()).toMatchObject({ phase: 'Idle', direction: 'reversed', epoch: 2 });
  stage.clear();
  expect(await handle.executeUpdate(messages.syncUpdate, { args: [{ wait: true }] })).toMatchObject({
    result: 'succeeded',
  });
  expect(stage.only('transfer', 'publish')).toEqual(['beta transfer', 'alpha publish']);
  expect(beta.claim).toMatchObject({ role: 'source' });
  await stop();
}, 120_000);
