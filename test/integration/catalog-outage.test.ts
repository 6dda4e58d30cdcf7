/** The catalog's database is away for a while: nothing that happened meanwhile is lost or told wrongly. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeOperationId } from '../../src/model/names';
import type { RelationshipInput } from '../../src/model/spec';
import { startPostgres } from '../support/system/postgres';
import type { TestPostgres } from '../support/system/postgres';
import { eventually, TestSystem } from '../support/system/system';

jest.setTimeout(180_000);

let postgres: TestPostgres;
let system: TestSystem;

beforeAll(async () => {
  postgres = await startPostgres();
  system = await TestSystem.start({ control: { TIDEMARK_DATABASE_URL: await postgres.makeDatabase() } });
}, 120_000);

afterAll(async () => {
  await system?.stop();
  await postgres?.stop();
});

test('a sync that ends while the database is away is recorded when it is back, as the success that it was', async () => {
  const source = join(system.folder, 'source');
  await mkdir(source);
  await writeFile(join(source, 'page'), 'a page');
  const document: RelationshipInput = {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory: source },
      targets: [{ host: 'beta', directory: join(system.folder, 'replica') }],
    },
  };
  await system.apply(JSON.stringify(document));
  const ended = (sequence: number) =>
    eventually(`sync ${sequence} has ended`, async () => {
      const status = await system.status('wiki');
      return status.sequence === sequence && !status.operation ? status.lastSync : undefined;
    });
  await ended(1);
  await writeFile(join(source, 'page'), 'another page');
  await postgres.crash();
  await system.cli(['sync', 'wiki']);
  const failed = await eventually('the record was refused more often than a tool may fail', async () => {
    const lines = await system.log('control');
    const refused = lines.filter(({ step, msg }) => step === 'recordSync' && String(msg).includes('failed'));
    return refused.length >= 3 ? refused : undefined;
  });
  expect(failed[0]).toMatchObject({ type: 'ToolFailed' });
  const sync = (await system.client()).workflow.getHandle(makeOperationId('wiki', 'sync', 2));
  expect((await sync.describe()).status.name).toBe('RUNNING');
  await postgres.restart();
  expect(await ended(2)).toMatchObject({ result: 'succeeded' });
  const syncs = await system.json<{ syncId: string; result: string }[]>('history', 'wiki', '--kind', 'sync');
  expect(syncs).toMatchObject([
    { syncId: 'wiki-000002', result: 'succeeded' },
    { syncId: 'wiki-000001', result: 'succeeded' },
  ]);
  // Waiting must not fill the history, which bounds how long it may take.
  const { events } = await sync.fetchHistory();
  expect(events?.length).toBeLessThan(100);
});
