/**
 * The agent of one of two targets is away when a tick comes: it is said within a minute, the other
 * target goes on, and the sync goes on within seconds of its return.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRelationshipId } from '../../src/model/names';
import { TestSystem } from '../support/system/system';
import { makeRandom, ChangingTree } from './world';
import { MIB, Watched } from './watched';

let system: TestSystem;
let tree: ChangingTree;
let beta: Watched;
let gamma: Watched;

beforeAll(async () => {
  system = await TestSystem.start({ agents: { alpha: {}, beta: {}, gamma: {} } });
  tree = new ChangingTree(join(system.folder, 'source'), makeRandom(1), 24 * MIB);
  await tree.create();
  const [one, other] = ['beta', 'gamma'].map((host) => join(system.folder, 'data', host));
  beta = new Watched(system, 'absent', tree.root, one ?? '');
  gamma = new Watched(system, 'absent', tree.root, other ?? '');
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: absent }
spec:
  source: { host: alpha, directory: ${tree.root} }
  targets:
    - { host: beta, directory: ${beta.target}, copyMethod: HardLink }
    - { host: gamma, directory: ${gamma.target}, copyMethod: HardLink }
  mover: { rsync: { bandwidthLimit: 12MiB } }
  trigger: { schedule: "0 3 * * *" }
`);
  await beta.untilSucceeded(0);
}, 180_000);

afterAll(() => system.stop(), 60_000);

/** What the Temporal UI shows of the relationship. */
async function currentDetails(): Promise<string> {
  const client = await system.client();
  const handle = client.workflow.getHandle(makeRelationshipId('absent'));
  return String(await handle.query('__temporal_workflow_metadata').then((answer) => JSON.stringify(answer)));
}

const tick = async () => (await system.client()).schedule.getHandle('absent').trigger();

test('a host without an agent is said while the other target still receives, which it does not hold up', async () => {
  await system.kill('agent:beta');
  // Long enough for the transfer to gamma to outlast the wait for beta.
  await system.apply((await spec()).replace('12MiB', '600KiB'));
  await tree.change(0.9);
  await tick();
  const status = await beta.untilFailed('HostUnreachable', 0, 60_000);
  expect(status.targets[0]?.lastError?.message).toContain('no agent answers for host beta');
  expect(status.operation?.kind).toBe('sync');
  expect((await beta.describe()).replaceAll(/\s+/g, ' ')).toContain(
    'What to do: start it there: tidemark agent --host beta',
  );
  expect((await beta.get()).targets[0]?.lastError).toContain('no agent answers for host beta');
  expect(await currentDetails()).toContain('no agent answers for host beta');
}, 120_000);

async function spec(): Promise<string> {
  const { document } = await beta.status();
  return JSON.stringify(document).replace('600KiB', '12MiB');
}

test('the other target has the new state, and ticks still bring it more', async () => {
  await gamma.until('gamma is up to date', ({ operation, targets }) => {
    return !operation && targets[1]?.result === 'succeeded' && targets[0]?.result === 'failed';
  });
  await gamma.expectCurrent(await gamma.status(), 1);
  await system.apply(await spec());
  const { targets } = await gamma.status();
  await mkdir(join(tree.root, 'more'));
  await writeFile(join(tree.root, 'more', 'file'), 'x');
  await tick();
  const status = await gamma.until(
    'gamma has one point more',
    (now) => now.targets[1]?.recoveryPoint !== targets[1]?.recoveryPoint,
  );
  await gamma.expectCurrent(status, 1);
  await beta.expectPointsIntact();
}, 120_000);

test('it goes on by itself within seconds of the return, and history tells what happened', async () => {
  await beta.until('the relationship waits for beta', ({ phase }) => phase === 'WaitingForHost');
  expect((await beta.get()).phase).toBe('WaitingForHost');
  expect(await currentDetails()).toContain('No agent answers for host beta');
  const { sequence } = await beta.status();
  system.launch('agent:beta');
  const status = await beta.untilSucceeded(sequence, 30_000);
  await beta.expectCurrent(status, 0);
  await gamma.expectCurrent(status, 1);
  const history = await beta.history();
  expect(history[0]).toMatchObject({ result: 'succeeded' });
  const failed = history.find(({ result }) => result === 'partial');
  expect(failed?.targets.map(({ result, errorType }) => [result, errorType])).toEqual([
    ['failed', 'HostUnreachable'],
    ['succeeded', null],
  ]);
}, 120_000);
