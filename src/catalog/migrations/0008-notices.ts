import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What is wrong, who was told of it, and the messages by which they are told. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('conditions')
    .addColumn('relationship', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    // Empty where it concerns the whole relationship.
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('labels', 'jsonb', (column) => column.notNull())
    .addColumn('since', 'timestamptz', (column) => column.notNull())
    .addColumn('ended_at', 'timestamptz')
    .addColumn('told', 'jsonb', (column) => column.notNull())
    .addPrimaryKeyConstraint('conditions_pk', ['relationship', 'kind', 'target'])
    .execute();
  await db.schema
    .createTable('notices')
    .addColumn('receiver', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('content', 'jsonb', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('problem', 'text')
    .addColumn('settled_at', 'timestamptz')
    .addPrimaryKeyConstraint('notices_pk', ['receiver', 'id'])
    .execute();
  await db.schema.createIndex('notices_by_time').on('notices').column('created_at').execute();
  await sql`create index notices_unsent on notices (state) where state <> 'sent'`.execute(db);
  await db.schema
    .createTable('notice_totals')
    .addColumn('receiver', 'text', (column) => column.primaryKey())
    .addColumn('sent', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('failed', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('given_up', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('last_sent_at', 'timestamptz')
    .execute();
  await db.schema
    .createTable('notice_version')
    .addColumn('version', 'bigint', (column) => column.notNull())
    .execute();
  await sql`insert into notice_version values (1)`.execute(db);
}

export const notices: Migration = { up };
