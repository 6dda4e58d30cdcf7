/** What happened to relationships: their events, and among them their syncs. */
import { type Kysely, type Selectable, sql } from 'kysely';
import { type Actor, ITSELF, THE_CLOCK } from '../model/actor';
import type { RelationshipEvent } from '../model/events';
import type { EventEntry, EventsPage, EventsQuery, SyncEntry } from './contract';
import { readSyncTargets } from './reads';
import { cleanText, toJson, toSyncEntry } from './rows';
import type { CatalogSchema, EventsTable, SyncsTable } from './schema';

type Db = Kysely<CatalogSchema>;

/** Told again it is the same, but that one that ran is over. */
export async function recordEvents(db: Db, events: readonly RelationshipEvent[]): Promise<void> {
  // One statement can't meet the same row twice: of each, the last word.
  const newest = [...new Map(events.map((event) => [event.id, event])).values()];
  if (newest.length === 0) return;
  const rows = newest.map(({ id, relationship, kind, at, result, target, point, ...event }) => ({
    ...{ id, relationship, kind, at, result, target, point },
    ended_at: event.endedAt,
    actor: toJson(event.actor),
    text: cleanText(event.text),
    workflow_id: event.workflowId,
    changes: toJson(event.changes),
  }));
  await db
    .insertInto('events')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet((eb) => ({
          ended_at: eb.ref('excluded.ended_at'),
          result: eb.ref('excluded.result'),
          text: eb.ref('excluded.text'),
          target: eb.ref('excluded.target'),
          point: eb.ref('excluded.point'),
        }))
        .where(sql<boolean>`events.ended_at is null and excluded.ended_at is not null`),
    )
    .execute();
}

/** Where a page goes on: before that instant, and of one instant, before that id. */
function toCursor({ at, id }: Pick<EventEntry, 'at' | 'id'>): string {
  return `${at}~${id}`;
}

interface Cursor {
  at: string;
  id: string;
}

/** Undefined: nothing that a page has ended with. */
export function parseCursor(text: string): Cursor | undefined {
  const [at = '', ...id] = text.split('~');
  return Number.isNaN(Date.parse(at)) ? undefined : { at: new Date(at).toISOString(), id: id.join('~') };
}

const idOfSync = (id: number): string => `sync/${String(id).padStart(12, '0')}`;

function toEventEntry({ ended_at, workflow_id, ...row }: Selectable<EventsTable>): EventEntry {
  return { ...row, endedAt: ended_at, workflowId: workflow_id, sync: null };
}

/** Of a sync that was told without one: nobody has asked, but the clock or the relationship itself. */
function actorOf({ actor, reason }: Pick<Selectable<SyncsTable>, 'actor' | 'reason'>): Actor {
  return actor ?? (reason === 'schedule' ? THE_CLOCK : ITSELF);
}

function textOf({ error, errorType, targets }: SyncEntry): string {
  if (error !== null) return `${errorType ?? ''}: ${error}`;
  const failed = targets.filter((target) => target.error !== null);
  return failed
    .map(({ name, ...target }) => `${name}: ${target.errorType ?? ''}: ${target.error}`)
    .join('; ');
}

/** `partial` is a result of syncs alone. */
function toSyncEvent(sync: SyncEntry, actor: Actor): EventEntry {
  const { relationship, startedAt, endedAt, result, workflowId } = sync;
  const point = sync.targets.find(({ recoveryPoint }) => recoveryPoint !== null)?.recoveryPoint ?? null;
  return {
    ...{ id: idOfSync(sync.id), relationship, kind: 'sync', at: startedAt, endedAt, actor, result },
    ...{ text: textOf(sync), target: null, point, workflowId, changes: [], sync },
  };
}

async function readOthers(db: Db, query: EventsQuery, before?: Cursor): Promise<EventEntry[]> {
  const kinds = query.kinds?.filter((kind) => kind !== 'sync');
  if (kinds?.length === 0) return [];
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .$if(query.relationship !== undefined, (select) =>
      select.where('relationship', '=', query.relationship as string),
    )
    .$if(kinds !== undefined, (select) => select.where('kind', 'in', kinds ?? []))
    .$if(query.since !== undefined, (select) => select.where('at', '>=', query.since as string))
    .$if(before !== undefined, (select) =>
      select.where(sql<boolean>`(at, id collate "C") < (${before?.at}::timestamptz, ${before?.id})`),
    )
    .orderBy('at', 'desc')
    .orderBy(sql`id collate "C"`, 'desc')
    .limit(query.limit)
    .execute();
  return rows.map(toEventEntry);
}

async function readSyncs(db: Db, query: EventsQuery, before?: Cursor): Promise<EventEntry[]> {
  if (query.kinds && !query.kinds.includes('sync')) return [];
  const id = sql<string>`'sync/' || lpad(id::text, 12, '0')`;
  const rows = await db
    .selectFrom('syncs')
    .selectAll()
    .$if(query.relationship !== undefined, (select) =>
      select.where('relationship', '=', query.relationship as string),
    )
    .$if(query.since !== undefined, (select) => select.where('started_at', '>=', query.since as string))
    .$if(before !== undefined, (select) =>
      select.where(
        sql<boolean>`(started_at, (${id}) collate "C") < (${before?.at}::timestamptz, ${before?.id})`,
      ),
    )
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit)
    .execute();
  const targets = await readSyncTargets(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toSyncEvent(toSyncEntry(row, targets.get(row.id) ?? []), actorOf(row)));
}

function isBefore(one: EventEntry, other: EventEntry): boolean {
  return one.at < other.at || (one.at === other.at && one.id < other.id);
}

/** Newest first, syncs among them; `next` is what `before` takes for the next page, null for the last. */
export async function readEvents(db: Db, query: EventsQuery): Promise<EventsPage> {
  const before = query.before === undefined ? undefined : parseCursor(query.before);
  const more = { ...query, limit: query.limit + 1 };
  const [others, syncs] = await Promise.all([readOthers(db, more, before), readSyncs(db, more, before)]);
  const all = [...others, ...syncs].toSorted((one, other) => (isBefore(one, other) ? 1 : -1));
  const events = all.slice(0, query.limit);
  const last = events.at(-1);
  return { events, next: all.length > events.length && last ? toCursor(last) : null };
}
