import { sql, type Kysely, type Transaction } from 'kysely';
import type { Instant, SyncRecord, TargetOutcome } from '../model/records';
import type { Relationship } from '../model/spec';
import { pointRow, syncRow, targetRow, toJson, totalsRow } from './rows';
import type { CatalogSchema } from './schema';

type Db = Kysely<CatalogSchema>;
type Tx = Transaction<CatalogSchema>;

/** Points in one statement: each is 13 parameters, and PostgreSQL takes 65,535. */
const POINTS_PER_INSERT = 1000;

export async function recordRelationship(db: Db, document: Relationship): Promise<void> {
  const now = new Date().toISOString();
  await db
    .insertInto('relationships')
    .values({ name: document.metadata.name, document: toJson(document), created_at: now, changed_at: now })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((eb) => ({
          document: eb.ref('excluded.document'),
          created_at: sql<string>`case when relationships.retired_at is null then relationships.created_at else excluded.created_at end`,
          changed_at: eb.ref('excluded.changed_at'),
          retired_at: null,
        }))
        .where(
          sql<boolean>`relationships.retired_at is not null or relationships.document is distinct from excluded.document`,
        ),
    )
    .execute();
}

export async function recordRetired(db: Db, name: string): Promise<void> {
  await db
    .updateTable('relationships')
    .set({ retired_at: new Date().toISOString() })
    .where('name', '=', name)
    .where('retired_at', 'is', null)
    .execute();
}

export async function recordSync(db: Db, record: SyncRecord): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const added = await tx
      .insertInto('syncs')
      .values(syncRow(record))
      .onConflict((conflict) => conflict.columns(['run_id', 'sync_id']).doNothing())
      .returning('id')
      .executeTakeFirst();
    // Recorded before, and whole: a late attempt must not put back points that were pruned since.
    if (!added) return;
    const targets = record.targets.map((target, position) => targetRow(added.id, position, target));
    if (targets.length > 0) await tx.insertInto('sync_targets').values(targets).execute();
    for (const target of record.targets) {
      await keepPoints(tx, record.relationship, target);
      await keepResult(tx, record.relationship, target);
    }
    await addToTotals(tx, record);
  });
}

async function keepResult(
  tx: Tx,
  relationship: string,
  { name, result, failure }: TargetOutcome,
): Promise<void> {
  await tx
    .insertInto('target_results')
    .values({ relationship, target: name, result, error_type: failure?.type ?? null })
    .onConflict((conflict) =>
      conflict.columns(['relationship', 'target']).doUpdateSet((eb) => ({
        result: eb.ref('excluded.result'),
        error_type: eb.ref('excluded.error_type'),
      })),
    )
    .execute();
}

async function keepPoints(tx: Tx, relationship: string, target: TargetOutcome): Promise<void> {
  const points = (target.points ?? (target.point ? [target.point] : [])).toSorted(
    (a, b) => a.sequence - b.sequence,
  );
  for (let first = 0; first < points.length; first += POINTS_PER_INSERT) {
    const rows = points
      .slice(first, first + POINTS_PER_INSERT)
      .map((point) => pointRow(relationship, target.name, point));
    await tx
      .insertInto('recovery_points')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['relationship', 'target', 'point_id'])
          .doUpdateSet((eb) => ({
            sync_id: eb.ref('excluded.sync_id'),
            captured_at: eb.ref('excluded.captured_at'),
            published_at: eb.ref('excluded.published_at'),
            verified_at: sql<string>`case when recovery_points.identity = excluded.identity
              then greatest(recovery_points.verified_at, excluded.verified_at) else excluded.verified_at end`,
            kept_because: eb.ref('excluded.kept_because'),
            bytes: eb.ref('excluded.bytes'),
            files: eb.ref('excluded.files'),
            method: eb.ref('excluded.method'),
            identity: eb.ref('excluded.identity'),
            // Of older points it comes without examples; what a point holds never changes.
            left_out: sql<string>`coalesce(recovery_points.left_out, excluded.left_out)`,
          }))
          // Points mostly stay as they are: leave their rows alone.
          .where(
            sql<boolean>`(recovery_points.kept_because, recovery_points.identity, recovery_points.published_at)
              is distinct from (excluded.kept_because, excluded.identity, excluded.published_at)
              or excluded.verified_at > coalesce(recovery_points.verified_at, '-infinity')`,
          ),
      )
      .execute();
  }
  if (target.points)
    await dropOtherPoints(
      tx,
      relationship,
      target.name,
      target.points.map(({ id }) => id),
    );
}

async function dropOtherPoints(tx: Tx, relationship: string, target: string, ids: string[]): Promise<void> {
  await tx
    .deleteFrom('recovery_points')
    .where('relationship', '=', relationship)
    .where('target', '=', target)
    .where(sql<boolean>`point_id not in (select jsonb_array_elements_text(${toJson(ids)}::jsonb))`)
    .execute();
}

async function addToTotals(tx: Tx, record: SyncRecord): Promise<void> {
  await tx
    .insertInto('sync_totals')
    .values(totalsRow(record))
    .onConflict((conflict) =>
      conflict.columns(['relationship', 'result', 'bucket']).doUpdateSet((eb) => ({
        syncs: eb('sync_totals.syncs', '+', eb.ref('excluded.syncs')),
        duration_seconds: eb('sync_totals.duration_seconds', '+', eb.ref('excluded.duration_seconds')),
        bytes_sent: eb('sync_totals.bytes_sent', '+', eb.ref('excluded.bytes_sent')),
        files_changed: eb('sync_totals.files_changed', '+', eb.ref('excluded.files_changed')),
      })),
    )
    .execute();
}

export async function recordVerified(
  db: Db,
  input: { relationship: string; target: string; pointId: string; at: Instant | null },
): Promise<void> {
  await db
    .updateTable('recovery_points')
    .set({
      verified_at: input.at === null ? null : sql<string>`greatest(verified_at, ${input.at}::timestamptz)`,
    })
    .where('relationship', '=', input.relationship)
    .where('target', '=', input.target)
    .where('point_id', '=', input.pointId)
    .execute();
}

export async function recordMissedTick(db: Db, relationship: string, at: Instant): Promise<void> {
  await db
    .insertInto('missed_ticks')
    .values({ relationship, at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
