import { sql, type Kysely, type Selectable } from 'kysely';
import { targetName, volumePath } from '../model/endpoints';
import type { HistoryQuery, PointEntry, RelationshipEntry, SyncEntry, TargetFreshness } from './contract';
import { toPointEntry, toSyncEntry } from './rows';
import type { CatalogSchema, SyncTargetsTable, TargetResultsTable } from './schema';

type Db = Kysely<CatalogSchema>;

export async function readHistory(
  db: Db,
  name: string,
  { limit, before }: HistoryQuery,
): Promise<SyncEntry[]> {
  const syncs = await db
    .selectFrom('syncs')
    .selectAll()
    .where('relationship', '=', name)
    .$if(typeof before === 'number', (query) => query.where('id', '<', before as number))
    .$if(typeof before === 'string', (query) => query.where('started_at', '<', before as string))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  const targets = await readSyncTargets(
    db,
    syncs.map(({ id }) => id),
  );
  return syncs.map((sync) => toSyncEntry(sync, targets.get(sync.id) ?? []));
}

/** How each target fared in these syncs, by the number of the sync. */
export async function readSyncTargets(
  db: Db,
  syncs: readonly number[],
): Promise<Map<number, Selectable<SyncTargetsTable>[]>> {
  if (syncs.length === 0) return new Map();
  const targets = await db
    .selectFrom('sync_targets')
    .selectAll()
    .where('sync', 'in', syncs)
    .orderBy('position')
    .execute();
  return Map.groupBy(targets, ({ sync }) => sync);
}

export async function readLastSequence(db: Db, name: string): Promise<number> {
  const { last } = await db
    .selectFrom('syncs')
    .where('relationship', '=', name)
    .select((eb) => eb.fn.max<number | null>('sequence').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? 0;
}

export async function readPoints(db: Db, name: string, target?: string): Promise<PointEntry[]> {
  const rows = await db
    .selectFrom('recovery_points')
    .selectAll()
    .where('relationship', '=', name)
    .$if(target !== undefined, (query) => query.where('target', '=', target as string))
    .orderBy('seen', 'desc')
    .execute();
  return rows.map(toPointEntry);
}

export async function readRelationships(db: Db, withRetired: boolean): Promise<RelationshipEntry[]> {
  const rows = await db
    .selectFrom('relationships')
    .selectAll()
    .$if(!withRetired, (query) => query.where('retired_at', 'is', null))
    // Names sort the same everywhere, whatever the collation of the database.
    .orderBy(sql`name collate "C"`)
    .execute();
  const [newest, results] = await Promise.all([readNewestPoints(db), readResults(db)]);
  return rows.map(({ name, document, ...row }) => ({
    name,
    document,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    retiredAt: row.retired_at,
    source: {
      host: document.spec.source.host,
      volume: volumePath(document.spec.source),
      copyMethod: document.spec.source.copyMethod,
    },
    targets: document.spec.targets.map((target): TargetFreshness => {
      const key = `${name}/${targetName(target)}`;
      const [point, last] = [newest.get(key), results.get(key)];
      return {
        name: targetName(target),
        host: target.host,
        recoveryPoint: point?.point_id ?? null,
        capturedAt: point?.captured_at ?? null,
        result: last?.result ?? null,
        errorType: last?.error_type ?? null,
      };
    }),
  }));
}

export async function readRelationshipNames(db: Db, withRetired: boolean): Promise<string[]> {
  const rows = await db
    .selectFrom('relationships')
    .select('name')
    .$if(!withRetired, (query) => query.where('retired_at', 'is', null))
    .execute();
  return rows.map(({ name }) => name);
}

async function readResults(db: Db): Promise<Map<string, Selectable<TargetResultsTable>>> {
  const rows = await db.selectFrom('target_results').selectAll().execute();
  return new Map(rows.map((row) => [`${row.relationship}/${row.target}`, row]));
}

async function readNewestPoints(db: Db): Promise<Map<string, { point_id: string; captured_at: string }>> {
  const rows = await db
    .selectFrom('recovery_points')
    .select(['relationship', 'target', 'point_id', 'captured_at'])
    .distinctOn(['relationship', 'target'])
    .orderBy('relationship')
    .orderBy('target')
    .orderBy('seen', 'desc')
    .execute();
  return new Map(rows.map((row) => [`${row.relationship}/${row.target}`, row]));
}
