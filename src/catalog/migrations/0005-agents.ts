import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What the agent of each host told of itself last; no labels at all: somebody has it forgotten. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('agents')
    .addColumn('host', 'text', (column) => column.primaryKey())
    .addColumn('labels', 'jsonb')
    .addColumn('told_at', 'timestamptz', (column) => column.notNull())
    .execute();
}

export const agents: Migration = { up };
