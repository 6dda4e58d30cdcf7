/**
 * Somebody who has never seen Tidemark opens the Temporal UI, in a real browser, and finds there what
 * each relationship does, how it is, and why.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import { eventually, TestSystem } from '../support/system/system';
import { TemporalUi } from '../support/system/temporal-ui';

jest.setTimeout(240_000);

let system: TestSystem;
let ui: TemporalUi;
const sourceOf = (name: string) => join(system.folder, 'srv', name);
const targetOf = (name: string) => join(system.folder, 'replica', name);

async function make(
  name: string,
  target: string,
  spec: Partial<RelationshipInput['spec']> = {},
): Promise<void> {
  await mkdir(sourceOf(name), { recursive: true });
  await writeFile(join(sourceOf(name), 'page'), `page of ${name}`);
  const document: RelationshipInput = {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name },
    spec: {
      source: { host: 'alpha', directory: sourceOf(name) },
      targets: [{ host: target, directory: targetOf(name) }],
      ...spec,
    },
  };
  await system.apply(JSON.stringify(document));
}

const synced = (name: string) =>
  eventually(`${name} was synced`, async () => (await system.status(name)).lastSync);

beforeAll(async () => {
  system = await TestSystem.start();
  // Long enough away that no tick falls into a test: the Schedule is triggered by hand.
  const trigger = { schedule: '0 4 1 1 *', timezone: 'Europe/Paris' };
  await make('mail', 'gamma', { trigger, objectives: { rpo: '1h' } });
  await make('wiki', 'beta', { trigger, objectives: { rpo: '1h' } });
  await make('photos', 'beta');
  await make('films', 'beta', { mover: { rsync: { bandwidthLimit: '256KiB' } } });
  for (const name of ['wiki', 'photos', 'films']) await synced(name);
  await rm(sourceOf('photos'), { recursive: true });
  await system.cli(['sync', 'photos']);
  ui = await TemporalUi.open(system.uiAddress);
}, 240_000);

afterAll(async () => {
  await ui?.close();
  await system?.stop();
});

test('the list of workflows is filtered by relationship, and shows its syncs and ticks with it', async () => {
  await (await system.client()).schedule.getHandle('wiki').trigger();
  const text = await ui.list(
    'TidemarkRelationship = "wiki"',
    'relationship/wiki/sync/000001',
    'relationship/wiki/sync/000002',
    /wiki\/tick/,
  );
  expect(text).toMatch(/relationship\/wiki\s/);
  expect(text).not.toContain('relationship/photos');
});

test('the list is filtered by what went wrong, by phase, by host, by bytes and by age', async () => {
  const failed = await ui.list(
    'TidemarkOperation = "sync" AND TidemarkResult = "failed" AND TidemarkRelationship = "photos"',
    'relationship/photos/sync/000002',
  );
  expect(failed).not.toContain('relationship/photos/sync/000001');
  const waiting = await ui.list('TidemarkPhase = "WaitingForHost"', /relationship\/mail\s/);
  expect(waiting).not.toContain('relationship/wiki');
  expect(await ui.list('TidemarkHosts = "gamma"', /relationship\/mail\s/)).not.toContain('wiki');
  const big = 'TidemarkBytes > 0 AND TidemarkCapturedAt > "2020-01-01T00:00:00Z" AND TidemarkMover = "rsync"';
  expect(await ui.list(big, 'relationship/wiki/sync/000001')).not.toContain('relationship/mail/sync');
});

test('phase and result can be columns of the list', async () => {
  await ui.list('WorkflowType = "relationship"', 'relationship/mail');
  await ui.page.getByTestId('workflows-summary-table-configuration-button').click();
  for (const column of ['TidemarkPhase', 'TidemarkResult']) {
    await ui.page.getByRole('button', { name: `Add ${column} column` }).click();
  }
  const text = await ui.list('WorkflowType = "relationship"', 'TidemarkPhase', 'TidemarkResult', 'Idle');
  expect(text).toMatch(/relationship\/wiki\s[^/]*Idle\s+succeeded/);
});

test('a relationship says what it keeps where, how fresh each copy is, and when it syncs next', async () => {
  await ui.openWorkflow('relationship/wiki');
  const text = await ui.openTab('User Metadata', 'Keeps alpha:', 'Idle', 'recovery point');
  expect(text).toContain(`Made to keep alpha:${sourceOf('wiki')} copied to beta`);
  expect(text).toContain(`copied to beta:${targetOf('wiki')}, by the schedule 0 4 1 1 * (Europe/Paris).`);
  expect(text).toMatch(
    /target\s+beta\s+\S+\s+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\s+succeeded\s+\d{8}T\d{6}Z-\d{6}/,
  );
  expect(text).toMatch(/last sync\s+succeeded at .* sent, .* changed/);
  expect(text).toMatch(/next sync\s+\d{4}-01-01 03:00:00 UTC/);
  expect(text).toMatch(/recovery point objective\s+1h, kept/);
  expect(text).toMatch(/epoch\s+1, forward/);
  // What a stranger can do from here.
  expect(text).toMatch(/Send a Signal:[\s\S]*sync: copy now[\s\S]*approve: let through/);
  expect(text).toContain('tidemark history wiki');
});

test('a relationship whose host is absent says so, and the command that mends it', async () => {
  await ui.openWorkflow(
    'relationship/mail',
    'Wait for the agent of gamma',
    'Sync again, after one that failed',
  );
  const text = await ui.openTab('User Metadata', 'HostUnreachable');
  expect(text).toContain('no agent answers for host gamma');
  expect(text).toContain('tidemark agent --host gamma');
  expect(text).toMatch(/target\s+gamma\s+\S+\s+\S+\s+failed/);
  expect(text).toMatch(/recovery point objective\s+1h, missed by gamma/);
  await ui.openTab('User Metadata', 'Waiting for a host', 'The sync then resumes by itself');
});

test('a sync shows each of its steps in words', async () => {
  const text = await ui.openWorkflow(
    'relationship/wiki/sync/000001',
    'Look at source alpha',
    'Look at target beta: what it holds, what is free',
    'Open a landing at beta: SSH, for this sync alone',
    /Transfer to beta: \w+, from a tree of about/,
    'Publish a recovery point at beta',
  );
  expect(text).toContain('Completed');
  await ui.openTab('User Metadata', 'Sync wiki: the first one', 'Succeeded', /done: \d+ entries changed/);
});

test('a relationship lists its syncs, each with its reason', async () => {
  await ui.openWorkflow(
    'relationship/photos',
    'Sync photos: the first one',
    /Sync photos: (again|on request)/,
  );
  await ui.openTab('Relationships', 'relationship/photos/sync/000001', 'relationship/photos/sync/000002');
});

test('a failed sync says of what kind its failure is, where it is, and what to do', async () => {
  const text = await ui.openWorkflow('relationship/photos/sync/000002', 'Failed', 'VolumeMissing');
  expect(text).toContain(`there is no such directory (host alpha, volume ${sourceOf('photos')})`);
  await ui.openTab('User Metadata', 'What is wrong', 'VolumeMissing', 'What to do', sourceOf('photos'));
});

test('a transfer shows how far it is while it runs', async () => {
  await writeFile(join(sourceOf('films'), 'film'), randomBytes(64 * 1024 ** 2));
  await system.cli(['sync', 'films']);
  await ui.openWorkflow('relationship/films/sync/000002', /Transfer to beta/);
  const progress = await ui.openTab('Pending Activities', 'Heartbeat Details', /"bytesDone": [1-9]/);
  expect(progress).toMatch(/"rateBytesPerSecond": [1-9]/);
  expect(progress).toMatch(/"bytesTotal": [1-9]/);
  await ui.openTab('User Metadata', 'Syncing', /transferring/);
  await ui.openWorkflow('relationship/films');
  await ui.openTab('User Metadata', 'Syncing', /running now\s+sync relationship\/films\/sync\/000002 since/);
});

test('the Schedules page shows when each relationship syncs, how its runs went, and how to change that', async () => {
  await ui.openUntil('schedules', 'wiki', 'mail', 'requestSync', 'Europe/Paris');
  const text = await ui.openUntil('schedules/wiki', 'Recent Runs', 'wiki/tick', 'Completed', 'Upcoming Runs');
  expect(text).toContain(`Syncs alpha:${sourceOf('wiki')} to beta.`);
  expect(text).toContain('change it with tidemark apply');
  await (await system.client()).schedule.getHandle('mail').trigger();
  await ui.openUntil('schedules/mail', 'mail/tick');
});
