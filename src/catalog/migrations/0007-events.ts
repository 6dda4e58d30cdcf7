import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What happened to relationships besides their syncs; and of each sync, who asked for it. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('relationship', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('at', 'timestamptz', (column) => column.notNull())
    .addColumn('ended_at', 'timestamptz')
    .addColumn('actor', 'jsonb', (column) => column.notNull())
    .addColumn('result', 'text')
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('target', 'text')
    .addColumn('point', 'text')
    .addColumn('workflow_id', 'text')
    .addColumn('changes', 'jsonb', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('events_by_time').on('events').columns(['at']).execute();
  await db.schema
    .createIndex('events_of_relationship')
    .on('events')
    .columns(['relationship', 'at'])
    .execute();
  await db.schema.alterTable('syncs').addColumn('actor', 'jsonb').execute();
  await sql`create index syncs_by_start on syncs (started_at)`.execute(db);
  await sql`create index syncs_of_relationship_by_start on syncs (relationship, started_at)`.execute(db);
}

export const events: Migration = { up };
