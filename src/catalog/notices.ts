/** What is wrong, who was told of it, and the messages by which they are told. */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { KnownCondition } from '../model/notify/decide';
import type { NoticeContent } from '../model/notify/notice';
import type {
  KnownConditions,
  NoticeEntry,
  NoticeMark,
  NoticesCatalog,
  NoticesQuery,
  NoticeTotals,
  RecordedDecision,
} from './notices-contract';
import { cleanText, toJson } from './rows';
import type { CatalogSchema, NoticesTable } from './schema';

type Db = Kysely<CatalogSchema>;

/** In one statement: each is 8 parameters, and PostgreSQL takes 65,535. */
const PER_STATEMENT = 1000;
/** What was sent or given up is kept for so long. */
const KEPT_DAYS = 30;

export async function readConditions(db: Db): Promise<KnownConditions> {
  // Of one moment: a decision by others in between would be taken for known.
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const { version } = await trx.selectFrom('notice_version').selectAll().executeTakeFirstOrThrow();
      const rows = await trx.selectFrom('conditions').selectAll().execute();
      const conditions = rows.map(({ target, ended_at, ...row }) => ({
        ...row,
        target: target === '' ? null : target,
        endedAt: ended_at,
      }));
      return { version, conditions };
    });
}

export async function recordDecision(db: Db, decision: RecordedDecision): Promise<boolean> {
  const { version, changed, removed, notices } = decision;
  return await db.transaction().execute(async (trx) => {
    const [mine] = await trx
      .updateTable('notice_version')
      .set({ version: version + 1 })
      .where('version', '=', version)
      .returning('version')
      .execute();
    if (!mine) return false;
    await removeConditions(trx, removed);
    await putConditions(trx, changed);
    if (notices.length > 0) {
      await trx.insertInto('notices').values(notices.map(toRow)).execute();
      await forgetOld(trx);
    }
    return true;
  });
}

function* inParts<T>(all: readonly T[]): Generator<T[]> {
  for (let first = 0; first < all.length; first += PER_STATEMENT)
    yield all.slice(first, first + PER_STATEMENT);
}

async function removeConditions(trx: Db, removed: readonly KnownCondition[]): Promise<void> {
  for (const part of inParts(removed)) {
    const keys = part.map(({ relationship, kind, target }) => [relationship, kind, target ?? '']);
    await sql`delete from conditions using jsonb_array_elements(${toJson(keys)}::jsonb) gone
      where relationship = gone ->> 0 and kind = gone ->> 1 and target = gone ->> 2`.execute(trx);
  }
}

async function putConditions(trx: Db, changed: readonly KnownCondition[]): Promise<void> {
  for (const part of inParts(changed)) {
    const rows = part.map(({ relationship, kind, target, text, labels, since, endedAt, told }) => ({
      ...{ relationship, kind, target: target ?? '', text: cleanText(text), since },
      labels: toJson(labels),
      ended_at: endedAt,
      told: toJson(told),
    }));
    await trx
      .insertInto('conditions')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['relationship', 'kind', 'target']).doUpdateSet((eb) => ({
          text: eb.ref('excluded.text'),
          labels: eb.ref('excluded.labels'),
          since: eb.ref('excluded.since'),
          ended_at: eb.ref('excluded.ended_at'),
          told: eb.ref('excluded.told'),
        })),
      )
      .execute();
  }
}

function toRow(content: NoticeContent) {
  const { receiver, id, createdAt } = content;
  return { receiver, id, created_at: createdAt, state: 'waiting' as const, content: toJson(content) };
}

async function forgetOld(trx: Db): Promise<void> {
  await trx
    .deleteFrom('notices')
    .where('state', '<>', 'waiting')
    .where('created_at', '<', sql<string>`now() - make_interval(days => ${KEPT_DAYS})`)
    .execute();
}

export async function recordTest(db: Db, content: NoticeContent): Promise<void> {
  await db
    .insertInto('notices')
    .values(toRow(content))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function toEntry(row: Selectable<NoticesTable>): NoticeEntry {
  const { created_at, settled_at, ...same } = row;
  return { ...same, createdAt: created_at, settledAt: settled_at };
}

export async function readNotice(db: Db, receiver: string, id: string): Promise<NoticeEntry | undefined> {
  const row = await db
    .selectFrom('notices')
    .selectAll()
    .where('receiver', '=', receiver)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && toEntry(row);
}

export async function settleNotice(
  db: Db,
  { receiver, id, how, at, problem }: Parameters<NoticesCatalog['settleNotice']>[0],
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable('notices')
      .set({
        ...(how === 'failed' ? { attempts: sql<number>`attempts + 1` } : { state: how, settled_at: at }),
        ...(problem !== null && { problem: cleanText(problem) }),
      })
      .where('receiver', '=', receiver)
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .returning('content')
      .executeTakeFirst();
    if (!row || (row.content.isTest && how !== 'sent')) return;
    const counts = { sent: 0, failed: 0, given_up: 0 };
    if (!row.content.isTest) counts[how === 'givenUp' ? 'given_up' : how] = 1;
    await trx
      .insertInto('notice_totals')
      .values({ receiver, ...counts, last_sent_at: how === 'sent' ? at : null })
      .onConflict((conflict) =>
        conflict.column('receiver').doUpdateSet((eb) => ({
          sent: eb('notice_totals.sent', '+', counts.sent),
          failed: eb('notice_totals.failed', '+', counts.failed),
          given_up: eb('notice_totals.given_up', '+', counts.given_up),
          last_sent_at: sql<string>`coalesce(excluded.last_sent_at, notice_totals.last_sent_at)`,
        })),
      )
      .execute();
  });
}

export async function readNoticeMarks(db: Db, since: string): Promise<NoticeMark[]> {
  const rows = await db
    .selectFrom('notices')
    .select(['receiver', 'id', 'created_at', 'state', 'settled_at'])
    .select(sql<boolean>`(content ->> 'isTest')::boolean`.as('is_test'))
    .where((eb) => eb.or([eb('state', '<>', 'sent'), eb('created_at', '>=', since)]))
    .execute();
  return rows.map(({ created_at, settled_at, is_test, ...same }) => ({
    ...same,
    ...{ createdAt: created_at, settledAt: settled_at, isTest: is_test },
  }));
}

export async function readNotices(db: Db, { state, limit }: NoticesQuery): Promise<NoticeEntry[]> {
  const rows = await db
    .selectFrom('notices')
    .selectAll()
    .where(sql<boolean>`not (content ->> 'isTest')::boolean`)
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'waiting'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toEntry);
}

export async function readNoticeTotals(db: Db): Promise<NoticeTotals[]> {
  const rows = await db.selectFrom('notice_totals').selectAll().orderBy('receiver').execute();
  return rows.map(({ given_up, last_sent_at, ...same }) => ({
    ...same,
    givenUp: given_up,
    lastSentAt: last_sent_at,
  }));
}
