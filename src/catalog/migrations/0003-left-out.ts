import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What of the source a copy does not hold; null for nothing. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sync_targets').addColumn('left_out', 'jsonb').execute();
  await db.schema.alterTable('recovery_points').addColumn('left_out', 'jsonb').execute();
}

export const leftOut: Migration = { up };
