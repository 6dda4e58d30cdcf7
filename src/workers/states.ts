/** What relationships themselves say of their state: what HTTP and metrics are made of, as `tidemark get` is. */
import type { Client } from '@temporalio/client';
import { findAllVanished, isStuckBy, STUCK } from '../client/find-vanished';
import { inTurns } from '../model/in-turns';
import { makeRelationshipId } from '../model/names';
import type { RelationshipStatus } from '../model/status';
import type { Vanished } from '../model/vanished';

/** Of one relationship: what it answers, how it vanished, or why it could not be asked. */
export type KnownState = { status: RelationshipStatus } | { vanished: Vanished } | { unanswered: string };

export interface StatesSource {
  /** Of these relationships. Never throws, and takes a few seconds at most. */
  states(names: readonly string[]): Promise<ReadonlyMap<string, KnownState>>;
}

/** Nobody is asked: all there is to go by is the catalog. */
export const CATALOG_ALONE: StatesSource = { states: () => Promise.resolve(new Map()) };

/** Answers are good for so long: several scrapers cost no more than one. */
const CACHE_MS = 5000;
/** A query is answered within milliseconds; one that has to read a long history again, within seconds. */
const ANSWER_MS = 4000;
const QUERIES_AT_ONCE = 16;

export function makeStatesSource(client: Client, now: () => number = Date.now): StatesSource {
  let cached: { at: number; names: string; answer: Promise<ReadonlyMap<string, KnownState>> } | undefined;
  return {
    states(names) {
      const key = names.join(' ');
      if (cached && cached.names === key && now() - cached.at < CACHE_MS) return cached.answer;
      const answer = askAll(client, names);
      cached = { at: now(), names: key, answer };
      return answer;
    },
  };
}

async function askAll(client: Client, names: readonly string[]): Promise<ReadonlyMap<string, KnownState>> {
  const until = Date.now() + ANSWER_MS;
  const states = new Map<string, KnownState>();
  try {
    const vanished = await client.withDeadline(until, () => findAllVanished(client, names));
    for (const [name, how] of vanished) states.set(name, { vanished: how });
  } catch {
    for (const name of names) states.set(name, { unanswered: 'Temporal does not answer' });
    return states;
  }
  const waiting = names.filter((name) => !states.has(name));
  await inTurns(waiting, QUERIES_AT_ONCE, async (name) =>
    states.set(name, await askOne(client, name, until)),
  );
  return states;
}

async function askOne(client: Client, name: string, until: number): Promise<KnownState> {
  const handle = client.workflow.getHandle(makeRelationshipId(name));
  try {
    return { status: await client.withDeadline(until, () => handle.query<RelationshipStatus>('status')) };
  } catch (error) {
    const isStuck = await client.withDeadline(until, () => isStuckBy(client, name, error)).catch(() => false);
    if (isStuck) return { vanished: STUCK };
    return { unanswered: 'its workflow does not answer' };
  }
}
