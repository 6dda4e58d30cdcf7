/** A relationship outlives any one run of its workflow: with real agents, and a server that ends runs early. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRelationshipId } from '../../src/model/names';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipStatus } from '../../src/model/status';
import { eventually, TestSystem } from '../support/system/system';
import { temporalCli } from '../support/system/temporal-cli';

jest.setTimeout(180_000);

let system: TestSystem;

beforeAll(async () => {
  // Some three syncs.
  const limit = 'limit.historyCount.suggestContinueAsNew=60';
  system = await TestSystem.start({ temporalOptions: ['--dynamic-config-value', limit] });
}, 120_000);

afterAll(() => system?.stop());

async function make(name: string, spec: Partial<RelationshipInput['spec']> = {}) {
  const source = join(system.folder, 'srv', name);
  const replica = join(system.folder, 'replica', name);
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'page'), 'a page');
  const document: RelationshipInput = {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name },
    spec: {
      source: { host: 'alpha', directory: source },
      targets: [{ host: 'beta', directory: replica }],
      ...spec,
    },
  };
  await system.apply(JSON.stringify(document));
  const handle = (await system.client()).workflow.getHandle(makeRelationshipId(name));
  const until = (what: string, holds: (status: RelationshipStatus) => boolean) =>
    eventually(what, async () => {
      const status = await system.status(name);
      return holds(status) ? status : undefined;
    });
  await until('the first sync is through', ({ lastSync, operation }) => !!lastSync && !operation);
  return { source, replica, handle, until };
}

type Rig = Awaited<ReturnType<typeof make>>;

const runOf = async ({ handle }: Rig) => (await handle.describe()).runId;

/** Messages that change nothing, but fill the history. */
async function send(rig: Rig, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) await rig.handle.signal('targetFailed', {});
}

/** Fills the history until the relationship goes on in another run. */
async function untilContinued(rig: Rig): Promise<void> {
  const before = await runOf(rig);
  await eventually('it goes on in another run', async () => {
    await send(rig, 1);
    return (await runOf(rig)) === before ? undefined : true;
  });
}

test('a sync that runs while the history grows too long ends well, and only then does the next run begin', async () => {
  const rig = await make('films', { mover: { rsync: { bandwidthLimit: '256KiB' } } });
  const film = randomBytes(4 * 1024 ** 2);
  await writeFile(join(rig.source, 'film'), film);
  const run = await runOf(rig);
  await system.cli(['sync', 'films']);
  await rig.until('the sync runs', ({ operation }) => operation?.kind === 'sync');
  await send(rig, 40);
  expect(await rig.until('it has been told all that', () => true)).toMatchObject({ phase: 'Syncing' });
  expect(await runOf(rig)).toBe(run);
  const { lastSync, targets } = await rig.until('it ends', ({ operation }) => !operation);
  expect(lastSync).toMatchObject({ syncId: 'films-000002', result: 'succeeded' });
  expect(targets).toMatchObject([{ result: 'succeeded' }]);
  expect(film.equals(await readFile(join(rig.replica, 'film')))).toBe(true);
  await eventually('it goes on in another run', async () => ((await runOf(rig)) === run ? undefined : true));
  expect((await system.status('films')).lastSync).toEqual(lastSync);
});

test('a retry that is due later is made by the next run, and the history of syncs goes on', async () => {
  const rig = await make('photos');
  await rename(rig.source, `${rig.source}-away`);
  await system.cli(['sync', 'photos']);
  const failing = await rig.until(
    'it fails, and waits a while',
    ({ phase, consecutiveFailures }) => phase === 'Retrying' && consecutiveFailures >= 3,
  );
  await untilContinued(rig);
  const { phase, retryAt, consecutiveFailures, targets } = await system.status('photos');
  expect({ phase, consecutiveFailures, targets }).toEqual({
    phase: 'Retrying',
    consecutiveFailures: failing.consecutiveFailures,
    targets: failing.targets,
  });
  expect(retryAt).toBe(failing.retryAt);
  await rename(`${rig.source}-away`, rig.source);
  const healed = await rig.until('it heals by itself', ({ lastSync }) => lastSync?.result === 'succeeded');
  expect(healed.consecutiveFailures).toBe(0);
  const syncs = await system.history('photos');
  const newestFirst = Array.from({ length: healed.sequence }, (_, index) => healed.sequence - index);
  expect(syncs.map(({ syncId }) => Number(syncId.slice(-6)))).toEqual(newestFirst);
});

test('the Schedule, and what the Temporal UI tells, stay as they were', async () => {
  const rig = await make('wiki', { trigger: { schedule: '0 4 1 1 *', timezone: 'Europe/Paris' } });
  const schedule = (await system.client()).schedule.getHandle('wiki');
  const before = await schedule.describe();
  const { searchAttributes } = await rig.handle.describe();
  await untilContinued(rig);
  const { spec, state, info } = await schedule.describe();
  expect({ spec, state }).toEqual({ spec: before.spec, state: before.state });
  expect(info.nextActionTimes).toEqual(before.info.nextActionTimes);
  expect((await rig.handle.describe()).searchAttributes).toMatchObject({
    TidemarkRelationship: searchAttributes.TidemarkRelationship,
    TidemarkPhase: ['Idle'],
    TidemarkResult: ['succeeded'],
  });
  // Temporal keeps summary and details of the first run alone: the current details say it all.
  const said = await temporalCli(system, 'workflow', 'metadata', '--workflow-id', rig.handle.workflowId);
  for (const text of [
    `alpha:${rig.source}`,
    `beta:${rig.replica}`,
    'This workflow is the relationship',
    'Send a Signal',
  ]) {
    expect(said).toContain(text);
  }
  await schedule.trigger();
  await rig.until('a tick syncs', ({ sequence, operation }) => sequence === 2 && !operation);
});
