import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '../../src/catalog/open';
import { startPostgres, type TestPostgres } from '../support/system/postgres';
import { describeCatalog } from './catalog-suite';

let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-catalog-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

describeCatalog('a folder', () => openCatalog({ dataDir: folder }));
describeCatalog('a PostgreSQL server', async () => openCatalog({ url: await postgres.makeDatabase() }));
