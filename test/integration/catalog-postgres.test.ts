import { inspect } from 'node:util';
import { openCatalog } from '../../src/catalog/open';
import { TidemarkError } from '../../src/model/errors';
import { reservePorts } from '../support/hosts/ports';
import { startPostgres, type TestPostgres } from '../support/system/postgres';
import { makeDocument, makeOutcome, makeSync } from '../support/model/records';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.stop();
});

async function refusalOf(url: string): Promise<TidemarkError> {
  const error: unknown = await openCatalog({ url }).catch((reason: unknown) => reason);
  if (!(error instanceof TidemarkError)) throw new Error('it was not refused', { cause: error });
  return error;
}

test('several control workers may start at once on an empty database', async () => {
  const url = await postgres.makeDatabase();
  const catalogs = await Promise.all([1, 2, 3, 4, 5].map(() => openCatalog({ url })));
  await Promise.all(catalogs.map((catalog) => catalog.recordSync(makeSync('wiki', 1))));
  for (const catalog of catalogs) {
    expect(await catalog.history('wiki', { limit: 5 })).toHaveLength(1);
    await catalog.close();
  }
});

test('goes on by itself once the database is back, with everything that it acknowledged', async () => {
  const catalog = await openCatalog({ url: await postgres.makeDatabase() });
  await catalog.recordSync(makeSync('wiki', 1));
  await postgres.crashAndRestart();
  // Connections that broke are noticed by their first use, and replaced.
  await catalog.ping().catch(() => undefined);
  await catalog.recordSync(makeSync('wiki', 2));
  expect((await catalog.history('wiki', { limit: 5 })).map(({ sequence }) => sequence)).toEqual([2, 1]);
  await catalog.close();
});

test('tables of an earlier version are brought up to date, with what their history tells', async () => {
  const url = await postgres.makeDatabase();
  const former = await openCatalog({ url });
  await former.recordRelationship(makeDocument('wiki'));
  const failure = { type: 'TargetFull' as const, message: 'no space left' };
  await former.recordSync(makeSync('wiki', 1));
  const { stats: _none, ...failed } = makeOutcome('beta', [], { result: 'failed', failure });
  await former.recordSync(makeSync('wiki', 2, { targets: [failed] }));
  await former.close();
  const database = new URL(url).pathname.slice(1);
  await postgres.execute(`delete from tidemark_migrations where name >= '0002'`, database);
  for (const table of ['sync_targets', 'recovery_points'])
    await postgres.execute(`alter table ${table} drop column left_out`, database);
  await postgres.execute('alter table sync_targets drop column reached_bytes', database);
  await postgres.execute('alter table syncs drop column actor', database);
  for (const index of ['syncs_by_start', 'syncs_of_relationship_by_start'])
    await postgres.execute(`drop index ${index}`, database);
  for (const column of ['bytes_sent', 'bytes_changed', 'files_changed', 'files_deleted']) {
    await postgres.execute(`update sync_targets set ${column} = 0 where ${column} is null`, database);
    await postgres.execute(`alter table sync_targets alter column ${column} set not null`, database);
  }
  const tables = ['target_results', 'agents', 'relationship_states', 'events'];
  const told = ['conditions', 'notices', 'notice_totals', 'notice_version'];
  for (const table of [...tables, ...told]) await postgres.execute(`drop table ${table}`, database);
  const catalog = await openCatalog({ url });
  const [wiki] = await catalog.relationships();
  expect(wiki?.targets).toMatchObject([{ name: 'beta', result: 'failed', errorType: 'TargetFull' }]);
  const syncs = await catalog.history('wiki', { limit: 5 });
  expect(syncs.map(({ targets }) => targets[0]?.bytesSent)).toEqual([null, 1000]);
  await catalog.close();
});

test('refuses tables that a newer version made', async () => {
  const url = await postgres.makeDatabase();
  await (await openCatalog({ url })).close();
  const database = new URL(url).pathname.slice(1);
  await postgres.execute(`insert into tidemark_migrations values ('9999-later', '2030-01-01')`, database);
  expect(await refusalOf(url)).toMatchObject({
    type: 'ToolFailed',
    message: 'the catalog was made by a newer Tidemark (9999-later)',
  });
});

test.each([
  ['a wrong password', 'refuses user tidemark', (url: URL) => (url.password = 'wrong-Secret')],
  ['a database that is not there', 'does not exist', (url: URL) => (url.pathname = '/nowhere')],
  ['a server that is not there', 'cannot be reached', (url: URL, free: number) => (url.port = String(free))],
  ['a host that is not there', 'cannot be reached', (url: URL) => (url.hostname = 'nowhere.invalid')],
])('says what is wrong about %s, and never the password', async (_what, problem, change) => {
  const url = new URL(await postgres.makeDatabase());
  change(url, (await reservePorts(1))[0] as number);
  const error = await refusalOf(url.href);
  expect(error).toMatchObject({ type: 'ToolFailed', message: expect.stringContaining(problem) as string });
  expect(error.details.hint).toContain('TIDEMARK_DATABASE_URL');
  const everything = inspect(error, { depth: 20, showHidden: true });
  for (const secret of [postgres.password, encodeURIComponent(postgres.password), 'wrong-Secret']) {
    expect(everything).not.toContain(secret);
  }
});

test.each(['postgresql://u:s3cret@host:notaport/db', 'mysql://u:s3cret@host/db', 's3cret', ''])(
  'refuses what is no address of a PostgreSQL (%#) without repeating it',
  async (url) => {
    const error = await refusalOf(url);
    expect(error.details.hint).toContain('postgresql://USER:PASSWORD@HOST:PORT/DATABASE');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('s3cret');
  },
);

test('says so where the user may not make tables', async () => {
  const url = await postgres.makeDatabase();
  const database = new URL(url).pathname.slice(1);
  await postgres.execute(
    `alter database ${database} owner to super; revoke create on schema public from public`,
    database,
  );
  expect((await refusalOf(url)).message).toContain('does not let user tidemark make or change tables');
});
