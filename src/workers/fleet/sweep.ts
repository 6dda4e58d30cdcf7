/** Finds by Temporal what relationships can't tell: who vanished, whose Schedule does not tick, who was never heard. */
import type { Client } from '@temporalio/client';
import { findFate, isStuckBy, STUCK } from '../../client/find-vanished';
import { Temporal } from '../../client/temporal-client';
import { statusOfEntry } from '../../client/vanished';
import type { Catalog, RelationshipEntry, StateEntry } from '../../catalog/contract';
import type { ToldState } from '../../model/told-state';
import { inTurns } from '../../model/in-turns';
import { makeRelationshipId } from '../../model/names';
import type { Vanished } from '../../model/vanished';
import { isToTick } from './known-states';
import { type Listed, listAll, troubleIn } from './look-at-temporal';

type States = ReadonlyMap<string, StateEntry>;

/** A listing lags behind what is told by a second or so: nothing is made of a difference younger than this. */
const SETTLED_MS = 5000;
/** One that was not heard of for so long is asked, in turn. */
const SILENT_MS = 10_000;
const SILENT_AT_ONCE = 20;
const AT_ONCE = 16;
/** A query is answered within milliseconds; one that has to read a long history again, within seconds. */
const ANSWER_MS = 4000;

export interface SweepInput {
  client: Client;
  catalog: Pick<
    Catalog,
    'recordStates' | 'recordFound' | 'removeState' | 'relationshipNames' | 'relationships'
  >;
  states: States;
  /** When each was asked last, in milliseconds since the epoch; kept from sweep to sweep. */
  askedAtMs: Map<string, number>;
}

/** One look at everything. @throws where Temporal or the catalog does not answer */
export async function sweep(input: SweepInput): Promise<void> {
  const { client, catalog, states, askedAtMs } = input;
  const [listed, applied] = await Promise.all([listAll(client), catalog.relationshipNames()]);
  const known = new Set([...applied, ...states.keys()]);
  const gone = [...known].filter((name) => !listed.running.has(name));
  for (const name of askedAtMs.keys()) if (!listed.running.has(name)) askedAtMs.delete(name);
  // Those that never told anything: read once for all of them.
  const isStranger = gone.some((name) => !states.has(name));
  const entries = new Map((isStranger ? await catalog.relationships() : []).map((each) => [each.name, each]));
  await inTurns(gone, AT_ONCE, (name) => settleGone(input, name, entries));
  await inTurns(chooseToAsk(input, listed, Date.now()), AT_ONCE, (name) => ask(input, name));
  await recordTrouble(input, listed);
}

/** Those whose state is not known, or is in doubt; and in turn a few that were not heard of for long. */
export function chooseToAsk(
  { states, askedAtMs }: Pick<SweepInput, 'states' | 'askedAtMs'>,
  { running }: Pick<Listed, 'running'>,
  nowMs: number,
): string[] {
  const asked = (name: string) => askedAtMs.get(name) ?? 0;
  const doubted = [...running].flatMap(([name, phase]) => {
    const entry = states.get(name);
    if (!entry || entry.vanished) return [name];
    const isSettled = nowMs - Date.parse(entry.toldAt) > SETTLED_MS && nowMs - asked(name) > SETTLED_MS;
    return isSettled && phase !== undefined && phase !== entry.status.phase ? [name] : [];
  });
  const isSilent = (name: string) => {
    const toldAtMs = Date.parse(states.get(name)?.toldAt ?? '');
    return nowMs - Math.max(asked(name), toldAtMs) > SILENT_MS;
  };
  const isDoubted = new Set(doubted);
  const silent = [...running.keys()]
    .filter((name) => !isDoubted.has(name) && isSilent(name))
    .toSorted((one, other) => asked(one) - asked(other))
    .slice(0, SILENT_AT_ONCE);
  return [...doubted, ...silent];
}

/** It does not run: it vanished, or was deleted; or the listing lags behind. */
async function settleGone(
  input: SweepInput,
  name: string,
  entries: ReadonlyMap<string, RelationshipEntry>,
): Promise<void> {
  const { client, catalog, states } = input;
  const entry = states.get(name);
  const fate = await findFate(client, name);
  if (fate === 'runs') {
    // The listing lags behind; or what runs is nothing that this Tidemark can go on with.
    await ask(input, name);
    return;
  }
  if (fate === 'deleted') {
    if (entry) await catalog.removeState(name);
    return;
  }
  if (isSame(entry?.vanished, fate)) return;
  if (!entry) {
    const applied = entries.get(name);
    if (!applied) return;
    // Whatever it tells itself is newer.
    await catalog.recordStates([{ status: statusOfEntry(applied, fate), at: new Date(0).toISOString() }]);
  }
  await catalog.recordFound([{ name, vanished: fate }]);
}

function isSame(one: Vanished | null | undefined, other: Vanished): boolean {
  return one?.how === other.how && one.at === other.at;
}

async function ask({ client, catalog, states, askedAtMs }: SweepInput, name: string): Promise<void> {
  const until = Date.now() + ANSWER_MS;
  const handle = client.workflow.getHandle(makeRelationshipId(name));
  askedAtMs.set(name, Date.now());
  try {
    const told = await client.withDeadline(until, () => handle.query<ToldState | null>('told'));
    if (told) await catalog.recordStates([told]);
  } catch (error) {
    if (!(await client.withDeadline(until, () => isStuckBy(client, name, error)).catch(() => false))) return;
    const entry = states.get(name);
    if (entry && !isSame(entry.vanished, STUCK)) await catalog.recordFound([{ name, vanished: STUCK }]);
  }
}

/** Whose Schedule does not tick, though it should. */
async function recordTrouble({ client, catalog, states }: SweepInput, listed: Listed): Promise<void> {
  const isSettled = ({ toldAt }: StateEntry) => Date.now() - Date.parse(toldAt) > SETTLED_MS;
  const changed = [...states.values()].flatMap((entry) => {
    const now = isToTick(entry) ? troubleIn(listed, entry.name) : null;
    return now === entry.scheduleTrouble || !isSettled(entry) ? [] : [{ entry, now }];
  });
  const temporal = Temporal.over(client, '');
  // A listing lags behind: what it says is confirmed before it is believed.
  const found = await inTurns(changed, AT_ONCE, async ({ entry: { name, scheduleTrouble }, now }) => {
    const trouble = now === null ? null : ((await temporal.schedule(name)).trouble ?? null);
    return trouble === scheduleTrouble ? [] : [{ name, scheduleTrouble: trouble }];
  });
  await catalog.recordFound(found.flat());
}
