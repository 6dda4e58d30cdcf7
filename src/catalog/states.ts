/** What relationships have told of their state, and what was found of their workflows since. */
import { sql, type Kysely } from 'kysely';
import type { ToldState } from '../model/told-state';
import type { FoundState, StateEntry, StateRevision } from './contract';
import { recordEvents } from './events';
import { toJson } from './rows';
import type { CatalogSchema } from './schema';

type Db = Kysely<CatalogSchema>;

const NEXT_REVISION = sql<number>`nextval(pg_get_serial_sequence('relationship_states', 'revision'))`;

/** In one statement: each is 3 parameters, and PostgreSQL takes 65,535. */
const PER_STATEMENT = 1000;

/** What was told earlier never replaces what was told later; one that is deleted has no state. */
export async function recordStates(db: Db, told: readonly ToldState[]): Promise<void> {
  await recordEvents(
    db,
    told.flatMap(({ events = [] }) => events),
  );
  const live = told.filter(({ status }) => status.phase !== 'Retired');
  for (let first = 0; first < live.length; first += PER_STATEMENT) {
    const rows = live.slice(first, first + PER_STATEMENT).map(({ status, at }) => ({
      name: status.name,
      status: toJson(status),
      told_at: at,
    }));
    await db
      .insertInto('relationship_states')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet((eb) => ({
            status: eb.ref('excluded.status'),
            told_at: eb.ref('excluded.told_at'),
            // Who tells of itself is there.
            vanished: null,
            revision: NEXT_REVISION,
          }))
          .where(
            sql<boolean>`relationship_states.told_at <= excluded.told_at
              and (relationship_states.status is distinct from excluded.status
                or relationship_states.vanished is not null)`,
          ),
      )
      .execute();
  }
  const retired = told.filter(({ status }) => status.phase === 'Retired');
  for (const { status, at } of retired) {
    await db
      .deleteFrom('relationship_states')
      .where('name', '=', status.name)
      .where('told_at', '<=', at)
      .execute();
  }
}

/** Only of those that have told something; what is there already is left alone. */
export async function recordFound(db: Db, found: readonly FoundState[]): Promise<void> {
  for (const { name, vanished, scheduleTrouble } of found) {
    await db
      .updateTable('relationship_states')
      .set({
        ...(vanished !== undefined && { vanished: vanished && toJson(vanished) }),
        ...(scheduleTrouble !== undefined && { schedule_trouble: scheduleTrouble }),
        revision: NEXT_REVISION,
      })
      .where('name', '=', name)
      .execute();
  }
}

export async function removeState(db: Db, name: string): Promise<void> {
  await db.deleteFrom('relationship_states').where('name', '=', name).execute();
}

export async function readStateRevisions(db: Db): Promise<StateRevision[]> {
  // Names sort the same everywhere, whatever the collation of the database.
  return await db
    .selectFrom('relationship_states')
    .select(['name', 'revision'])
    .orderBy(sql`name collate "C"`)
    .execute();
}

/** @param names none: of all */
export async function readStates(db: Db, names?: readonly string[]): Promise<StateEntry[]> {
  const rows = await db
    .selectFrom('relationship_states')
    .selectAll()
    .$if(names !== undefined, (query) =>
      query.where(
        sql<boolean>`name in (select jsonb_array_elements_text(${toJson([...(names ?? [])])}::jsonb))`,
      ),
    )
    .execute();
  return rows.map(({ name, revision, status, told_at, vanished, schedule_trouble }) => ({
    ...{ name, revision, status, toldAt: told_at, vanished, scheduleTrouble: schedule_trouble },
  }));
}
