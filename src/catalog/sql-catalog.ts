import { sql, type Kysely } from 'kysely';
import { TidemarkError } from '../model/errors';
import type { Catalog } from './contract';
import { readEvents } from './events';
import { readAgents, recordAgent } from './agents';
import {
  readConditions,
  readNotice,
  readNoticeMarks,
  readNotices,
  readNoticeTotals,
  recordDecision,
  recordTest,
  settleNotice,
} from './notices';
import { readHistory, readLastSequence, readPoints, readRelationshipNames, readRelationships } from './reads';
import type { CatalogSchema } from './schema';
import { readStateRevisions, readStates, recordFound, recordStates, removeState } from './states';
import { readSyncDurations, readTotals } from './totals';
import { recordMissedTick, recordRelationship, recordRetired, recordSync, recordVerified } from './writes';

/** A database that is open and migrated. */
export interface OpenDatabase {
  db: Kysely<CatalogSchema>;
  /** After each write: makes it durable where the database does not do so itself. */
  afterWrite: () => Promise<void>;
  /** The error as users see it, without secrets. */
  explain: (error: unknown) => TidemarkError;
  close: () => Promise<void>;
}

/** The catalog over any PostgreSQL, embedded or not. */
export function makeSqlCatalog({ db, afterWrite, explain, close }: OpenDatabase): Catalog {
  const read = async <T>(query: () => Promise<T>): Promise<T> => {
    try {
      return await query();
    } catch (error) {
      throw error instanceof TidemarkError ? error : explain(error);
    }
  };
  const write = (change: () => Promise<void>): Promise<void> =>
    read(async () => {
      await change();
      await afterWrite();
    });
  return {
    recordRelationship: (document) => write(() => recordRelationship(db, document)),
    recordRetired: (name) => write(() => recordRetired(db, name)),
    recordSync: (record) => write(() => recordSync(db, record)),
    recordVerified: (input) => write(() => recordVerified(db, input)),
    recordMissedTick: (relationship, at) => write(() => recordMissedTick(db, relationship, at)),
    recordAgent: (agent) => write(() => recordAgent(db, agent)),
    agents: () => read(() => readAgents(db)),
    recordStates: (told) => read(() => recordStates(db, told)),
    recordFound: (found) => read(() => recordFound(db, found)),
    events: (query) => read(() => readEvents(db, query)),
    removeState: (name) => read(() => removeState(db, name)),
    stateRevisions: () => read(() => readStateRevisions(db)),
    states: (names) => read(() => readStates(db, names)),
    knownConditions: () => read(() => readConditions(db)),
    recordDecision: async (decision) => {
      const isRecorded = await read(() => recordDecision(db, decision));
      if (isRecorded) await write(() => Promise.resolve());
      return isRecorded;
    },
    recordTest: (content) => write(() => recordTest(db, content)),
    notice: (receiver, id) => read(() => readNotice(db, receiver, id)),
    settleNotice: (settled) => write(() => settleNotice(db, settled)),
    noticeMarks: (since) => read(() => readNoticeMarks(db, since)),
    notices: (query) => read(() => readNotices(db, query)),
    noticeTotals: () => read(() => readNoticeTotals(db)),
    lastSequence: (name) => read(() => readLastSequence(db, name)),
    history: (name, query) => read(() => readHistory(db, name, query)),
    points: (name, target) => read(() => readPoints(db, name, target)),
    relationships: (options) => read(() => readRelationships(db, options?.retired ?? false)),
    relationshipNames: (options) => read(() => readRelationshipNames(db, options?.retired ?? false)),
    totals: (names) => read(() => readTotals(db, names)),
    syncDurations: () => read(() => readSyncDurations(db)),
    ping: () =>
      read(async () => {
        await sql`select 1`.execute(db);
      }),
    close,
  };
}
