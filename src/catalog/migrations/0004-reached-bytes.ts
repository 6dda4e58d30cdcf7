import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const OF_A_TRANSFER = ['bytes_sent', 'bytes_changed', 'files_changed', 'files_deleted'] as const;

/** What a transfer did is null where none was completed, and how far it had come has a column of its own. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sync_targets').addColumn('reached_bytes', 'bigint').execute();
  for (const column of OF_A_TRANSFER) {
    await db.schema
      .alterTable('sync_targets')
      .alterColumn(column, (change) => change.dropNotNull())
      .execute();
  }
  // Where none was completed, there is no duration either.
  const nulls = sql.join(OF_A_TRANSFER.map((column) => sql`${sql.ref(column)} = null`));
  await sql`update sync_targets set ${nulls} where duration_ms is null`.execute(db);
}

export const reachedBytes: Migration = { up };
