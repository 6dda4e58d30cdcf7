/** How relationships are: all of them, as they told the catalog, or some, as each says itself. */
import { getFleet } from '../client/fleet';
import { tellError } from '../client/exit-codes';
import type { ExitCode } from '../client/exit-codes';
import { formatAge } from '../client/text';
import type { Survey, Temporal, Unknown } from '../client/temporal-client';
import { within } from '../client/within';
import { type Choice, inOrder, isChosen, type Sort } from '../model/choose-relationships';
import { type RelationshipSummary, summarize } from '../model/summary';
import { formatDuration } from '../model/units';
import { lazy } from './lazy';

/** For the catalog, before each relationship is asked itself. */
const FLEET_MS = 4500;

export interface Wanted {
  /** None: all. */
  names: readonly string[];
  choice: Choice;
  sort: Sort;
}

export interface Read {
  summaries: RelationshipSummary[];
  unknown: Unknown[];
  /** Of the first of several that were named and could not be read. */
  exitCode?: ExitCode;
}

/**
 * @param until milliseconds since the epoch
 * @throws ClientError where the only one that was named could not be read
 */
export async function readSummaries(wanted: Wanted, until: number): Promise<Read> {
  const { names, choice, sort } = wanted;
  const told = names.length === 0 ? await askFleet(wanted, until) : undefined;
  if (told) return told;
  const read = await lazy.temporal().Temporal.use((temporal) => askEach(temporal, names, until));
  const chosen = read.summaries.filter((summary) => isChosen(summary, choice));
  return { ...read, summaries: inOrder(chosen, sort) };
}

/** Undefined where the control worker does not answer soon. */
async function askFleet({ choice, sort }: Wanted, until: number): Promise<Read | undefined> {
  const soon = Math.min(until, Date.now() + FLEET_MS);
  try {
    const answer = getFleet(choice, sort);
    const { relationships, checkedAt, trouble } = await within('the control worker', answer, soon);
    const since = checkedAt === null ? 'not yet' : `last ${formatAge(checkedAt, Date.now(), formatDuration)}`;
    const why = `${trouble}; this is what relationships told last, and whether they all run was checked ${since}`;
    return { summaries: relationships, unknown: trouble === null ? [] : [{ name: null, why }] };
  } catch {
    return undefined;
  }
}

async function askEach(temporal: Temporal, names: readonly string[], until: number): Promise<Read> {
  const { statuses, ...more } =
    names.length === 0 ? await temporal.survey(until) : await askThese(temporal, names, until);
  const summaries = await Promise.all(
    statuses.map(async (status) => {
      const schedule = within('Temporal', temporal.schedule(status.name), until);
      return summarize(status, Date.now(), await schedule.catch(() => undefined));
    }),
  );
  return { summaries, ...more };
}

async function askThese(
  temporal: Temporal,
  names: readonly string[],
  until: number,
): Promise<Survey & Pick<Read, 'exitCode'>> {
  const ask = (name: string) => within('the control worker', temporal.status(name), until);
  const [first = ''] = names;
  if (names.length === 1) return { statuses: [await ask(first)], unknown: [] };
  const answers = await Promise.allSettled([...new Set(names)].map(ask));
  const failures = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [tellError(answer.reason)] : [],
  );
  return {
    statuses: answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])),
    unknown: failures.map(({ message }) => ({ name: null, why: message })),
    ...(failures[0] && { exitCode: failures[0].exitCode }),
  };
}
