import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** How each target fared last: what its status is told by, without reading the whole history. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('target_results')
    .addColumn('relationship', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('error_type', 'text')
    .addPrimaryKeyConstraint('target_results_key', ['relationship', 'target'])
    .execute();
  await sql`
    insert into target_results (relationship, target, result, error_type)
    select distinct on (syncs.relationship, sync_targets.name)
      syncs.relationship, sync_targets.name, sync_targets.result, sync_targets.error_type
    from sync_targets join syncs on syncs.id = sync_targets.sync
    order by syncs.relationship, sync_targets.name, syncs.id desc
  `.execute(db);
}

export const targetResults: Migration = { up };
