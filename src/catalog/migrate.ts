import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { TidemarkError } from '../model/errors';
import { MIGRATIONS } from './migrations';
import type { CatalogSchema } from './schema';

/**
 * Brings the tables to the newest state, in one transaction, under the database's own lock: two
 * control workers may start at once.
 * @throws TidemarkError `ToolFailed` where a newer Tidemark made the tables.
 */
export async function migrate(db: Kysely<CatalogSchema>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
    migrationTableName: 'tidemark_migrations',
    migrationLockTableName: 'tidemark_migrations_lock',
  });
  await refuseNewerTables(migrator, db);
  const { error } = await migrator.migrateToLatest();
  if (error instanceof Error) throw error;
  if (error !== undefined)
    throw new Error('the tables of the catalog could not be brought up to date', { cause: error });
}

async function refuseNewerTables(migrator: Migrator, db: Kysely<CatalogSchema>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'tidemark_migrations')) return;
  const done = await db
    .withTables<{ tidemark_migrations: { name: string } }>()
    .selectFrom('tidemark_migrations')
    .select('name')
    .execute();
  const known = new Set((await migrator.getMigrations()).map((migration) => migration.name));
  const unknown = done.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new TidemarkError('ToolFailed', `the catalog was made by a newer Tidemark (${unknown.join(', ')})`, {
    hint: 'start that newer version, or one that is newer still',
  });
}
