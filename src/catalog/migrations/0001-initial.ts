import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('relationships')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('document', 'jsonb', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('changed_at', 'timestamptz', (column) => column.notNull())
    .addColumn('retired_at', 'timestamptz')
    .execute();
  await createSyncs(db);
  await createPoints(db);
  await db.schema
    .createTable('missed_ticks')
    .addColumn('relationship', 'text', (column) => column.notNull())
    .addColumn('at', 'timestamptz', (column) => column.notNull())
    .addPrimaryKeyConstraint('missed_ticks_key', ['relationship', 'at'])
    .execute();
  await db.schema
    .createTable('sync_totals')
    .addColumn('relationship', 'text', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('bucket', 'integer', (column) => column.notNull())
    .addColumn('syncs', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('duration_seconds', 'double precision', (column) => column.notNull().defaultTo(0))
    .addColumn('bytes_sent', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('files_changed', 'bigint', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('sync_totals_key', ['relationship', 'result', 'bucket'])
    .execute();
}

async function createSyncs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('syncs')
    .addColumn('id', 'bigint', (column) => column.generatedAlwaysAsIdentity().primaryKey())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('sync_id', 'text', (column) => column.notNull())
    .addColumn('workflow_id', 'text', (column) => column.notNull())
    .addColumn('relationship', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('started_at', 'timestamptz', (column) => column.notNull())
    .addColumn('captured_at', 'timestamptz')
    .addColumn('ended_at', 'timestamptz', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('error_type', 'text')
    .addColumn('error', 'text')
    .addColumn('hint', 'text')
    .addUniqueConstraint('syncs_key', ['run_id', 'sync_id'])
    .execute();
  await db.schema.createIndex('syncs_history').on('syncs').columns(['relationship', 'id']).execute();
  await db.schema
    .createTable('sync_targets')
    .addColumn('sync', 'bigint', (column) => column.notNull().references('syncs.id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('how', 'text')
    .addColumn('bytes_sent', 'bigint', (column) => column.notNull())
    .addColumn('bytes_changed', 'bigint', (column) => column.notNull())
    .addColumn('files_changed', 'bigint', (column) => column.notNull())
    .addColumn('files_deleted', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('duration_ms', 'double precision')
    .addColumn('recovery_point', 'text')
    .addColumn('error_type', 'text')
    .addColumn('error', 'text')
    .addColumn('tool_message', 'text')
    .addColumn('hint', 'text')
    .addPrimaryKeyConstraint('sync_targets_key', ['sync', 'position'])
    .execute();
}

async function createPoints(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('recovery_points')
    .addColumn('seen', 'bigint', (column) => column.generatedAlwaysAsIdentity())
    .addColumn('relationship', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('point_id', 'text', (column) => column.notNull())
    .addColumn('sync_id', 'text', (column) => column.notNull())
    .addColumn('captured_at', 'timestamptz', (column) => column.notNull())
    .addColumn('published_at', 'timestamptz', (column) => column.notNull())
    .addColumn('verified_at', 'timestamptz')
    .addColumn('kept_because', 'jsonb', (column) => column.notNull().defaultTo(sql`'[]'::jsonb`))
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('files', 'bigint', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('identity', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('recovery_points_key', ['relationship', 'target', 'point_id'])
    .execute();
}

export const initial: Migration = { up };
