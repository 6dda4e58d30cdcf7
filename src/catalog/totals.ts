/** Sums, for metrics. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { DURATION_BUCKETS, type SyncDurations, type Totals } from './contract';
import { toJson } from './rows';
import type { CatalogSchema } from './schema';

type Db = Kysely<CatalogSchema>;

/** @param names none: of all */
export async function readTotals(db: Db, names?: readonly string[]): Promise<Totals> {
  // Both read whole where all are wanted: ten thousand names to look for take longer.
  const isChosen = (column: string): RawBuilder<boolean> =>
    names === undefined
      ? sql`true`
      : sql`${sql.ref(column)} in (select jsonb_array_elements_text(${toJson([...names])}::jsonb))`;
  const [syncs, missedTicks, points] = await Promise.all([
    readSyncTotals(db, isChosen),
    readMissedTicks(db, isChosen),
    readPointTotals(db, isChosen),
  ]);
  return { syncs, missedTicks, points };
}

type Choice = (column: string) => RawBuilder<boolean>;

async function readSyncTotals(db: Db, isChosen: Choice): Promise<Totals['syncs']> {
  return await db
    .selectFrom('sync_totals')
    .innerJoin('relationships', 'relationships.name', 'sync_totals.relationship')
    .where('relationships.retired_at', 'is', null)
    .where(isChosen('sync_totals.relationship'))
    .groupBy(['sync_totals.relationship', 'sync_totals.result'])
    .select((eb) => [
      'sync_totals.relationship as relationship',
      'sync_totals.result as result',
      // A sum of bigint is numeric, which drivers give as text.
      eb.cast<number>(eb.fn.sum('syncs'), 'bigint').as('syncs'),
      eb.fn.sum<number>('duration_seconds').as('durationSeconds'),
      eb.cast<number>(eb.fn.sum('bytes_sent'), 'bigint').as('bytesSent'),
      eb.cast<number>(eb.fn.sum('files_changed'), 'bigint').as('filesChanged'),
    ])
    .orderBy('sync_totals.relationship')
    .orderBy('sync_totals.result')
    .execute();
}

async function readMissedTicks(db: Db, isChosen: Choice): Promise<Totals['missedTicks']> {
  return await db
    .selectFrom('missed_ticks')
    .innerJoin('relationships', 'relationships.name', 'missed_ticks.relationship')
    .where('retired_at', 'is', null)
    .where(isChosen('missed_ticks.relationship'))
    .groupBy('missed_ticks.relationship')
    .select((eb) => ['missed_ticks.relationship as relationship', eb.fn.countAll<number>().as('count')])
    .orderBy('missed_ticks.relationship')
    .execute();
}

async function readPointTotals(db: Db, isChosen: Choice): Promise<Totals['points']> {
  return await db
    .selectFrom('recovery_points')
    .innerJoin('relationships', 'relationships.name', 'recovery_points.relationship')
    .where('retired_at', 'is', null)
    .where(isChosen('recovery_points.relationship'))
    .groupBy(['recovery_points.relationship', 'recovery_points.target'])
    .select((eb) => [
      'recovery_points.relationship as relationship',
      'recovery_points.target as target',
      eb.fn.countAll<number>().as('points'),
      eb.fn.min('recovery_points.captured_at').as('oldestCapturedAt'),
    ])
    .orderBy('recovery_points.relationship')
    .orderBy('recovery_points.target')
    .execute();
}

export async function readSyncDurations(db: Db): Promise<SyncDurations[]> {
  const rows = await db
    .selectFrom('sync_totals')
    .groupBy(['result', 'bucket'])
    .select((eb) => [
      'result',
      'bucket',
      eb.cast<number>(eb.fn.sum('syncs'), 'bigint').as('syncs'),
      eb.fn.sum<number>('duration_seconds').as('durationSeconds'),
    ])
    .orderBy('result')
    .execute();
  const sums = new Map<string, SyncDurations>();
  for (const { result, bucket, syncs, durationSeconds } of rows) {
    const none = Array.from({ length: DURATION_BUCKETS.length + 1 }, () => 0);
    const sum = sums.get(result) ?? { result, syncs: 0, durationSeconds: 0, durationCounts: none };
    sum.syncs += syncs;
    sum.durationSeconds += durationSeconds;
    sum.durationCounts[bucket] = syncs;
    sums.set(result, sum);
  }
  return [...sums.values()];
}
