import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What each relationship told of its state last, and what a look at Temporal found of it since. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('relationship_states')
    .addColumn('name', 'text', (column) => column.primaryKey())
    // Grows with every change of any row: what was read once is read again only where it is another.
    .addColumn('revision', 'bigserial')
    .addColumn('status', 'jsonb', (column) => column.notNull())
    .addColumn('told_at', 'timestamptz', (column) => column.notNull())
    .addColumn('vanished', 'jsonb')
    .addColumn('schedule_trouble', 'text')
    .execute();
  // A change of two columns of one row, most often: room beside it keeps the index out of that.
  await sql`alter table relationship_states set (fillfactor = 60)`.execute(db);
}

export const states: Migration = { up };
