/** What agents have told of themselves. */
import { sql, type Kysely } from 'kysely';
import type { AgentEntry } from './contract';
import { toJson } from './rows';
import type { CatalogSchema } from './schema';

type Db = Kysely<CatalogSchema>;

/** What was told earlier never replaces what was told later. */
export async function recordAgent(db: Db, { host, labels, toldAt }: AgentEntry): Promise<void> {
  await db
    .insertInto('agents')
    .values({ host, labels: labels && toJson(labels), told_at: toldAt })
    .onConflict((conflict) =>
      conflict
        .column('host')
        .doUpdateSet((eb) => ({ labels: eb.ref('excluded.labels'), told_at: eb.ref('excluded.told_at') }))
        .where(sql<boolean>`agents.told_at <= excluded.told_at`),
    )
    .execute();
}

export async function readAgents(db: Db): Promise<AgentEntry[]> {
  // Names sort the same everywhere, whatever the collation of the database.
  const rows = await db
    .selectFrom('agents')
    .selectAll()
    .orderBy(sql`host collate "C"`)
    .execute();
  return rows.map(({ host, labels, told_at: toldAt }) => ({ host, labels, toldAt }));
}
