/** What is done to a repository from time to time, and when it was done last: noted in the agent's own folder. */
import { z } from 'zod';
import { TidemarkError } from '../../model/errors';
import { durationToMs } from '../../model/units';
import { readRecord } from '../shared/records';
import { writeRecord } from '../shared/tools';
import { brokenPacks, classifyEnding, countRetries } from './classify';
import { shortHash } from '../shared/short-hash';
import { type Repository, runPastLocks, runResticChecked } from './restic';

const DamageSchema = z.object({
  message: z.string(),
  toolMessage: z.string().exactOptional(),
  hint: z.string().exactOptional(),
});

const NotesSchema = z.object({
  /** Or when it was looked at first, from where the time is counted. */
  prunedAt: z.string().exactOptional(),
  /** When it was in fact. */
  lastPruned: z.string().exactOptional(),
  checkedAt: z.string().exactOptional(),
  /** Of how many parts the last one was whole, and which it was. */
  checked: z.object({ part: z.number(), of: z.number() }).exactOptional(),
  /** What the last check found. */
  damage: DamageSchema.exactOptional(),
});
type Notes = z.output<typeof NotesSchema>;

const DEFAULT_EVERY = '7d';
/** One that is damaged may be mended at any time; in between it is told without reading it again. */
const CHECK_DAMAGED_EVERY = '1h';
const DEFAULT_SHARE = '5%';
/** More parts restic does not make. */
const MOST_PARTS = 256;

const notePath = ({ host, volume }: Repository) => `${host.home}/repositories/${shortHash(volume.path)}.json`;

async function readNotes(repository: Repository): Promise<Notes> {
  return (await readRecord(repository, notePath(repository), NotesSchema)) ?? {};
}

const writeNotes = (repository: Repository, notes: Notes) =>
  writeRecord(repository, notePath(repository), notes);

const now = () => new Date().toISOString();

const isPast = (last: string, every: string) => Date.now() - Date.parse(last) >= durationToMs(every);

/** Whether it is time again. Begins to count where nobody has looked before: nothing is there yet that would be worth it. */
async function isDue(
  repository: Repository,
  what: 'prunedAt' | 'checkedAt',
  every: string,
): Promise<boolean> {
  const notes = await readNotes(repository);
  const last = notes[what];
  if (last !== undefined) return isPast(last, every);
  await writeNotes(repository, { ...notes, [what]: now() });
  return durationToMs(every) === 0;
}

/** Whether the data of forgotten snapshots is to be removed. */
export const isPruneDue = (repository: Repository): Promise<boolean> =>
  isDue(repository, 'prunedAt', repository.volume.options?.pruneEvery ?? DEFAULT_EVERY);

/** Removes the data of forgotten snapshots: reads the whole index, and may rewrite much. */
export async function pruneData(repository: Repository): Promise<void> {
  await runResticChecked(repository, ['prune']);
  const at = now();
  await writeNotes(repository, { ...(await readNotes(repository)), prunedAt: at, lastPruned: at });
}

/** When that was last done from here. */
export const lastPruned = async (repository: Repository): Promise<string | undefined> =>
  (await readNotes(repository)).lastPruned;

/** Whether a part of it is to be read back, or is known to be damaged. */
export async function isCheckDue(repository: Repository): Promise<boolean> {
  const { checkEvery, checkShare } = repository.volume.options ?? {};
  if (checkEvery === undefined && checkShare === undefined) return false;
  const { damage } = await readNotes(repository);
  return damage !== undefined || (await isDue(repository, 'checkedAt', checkEvery ?? DEFAULT_EVERY));
}

/** In how many parts it is read, by the share of each. Pure. */
export function countParts(share: string): number {
  return Math.min(MOST_PARTS, Math.max(1, Math.round(100 / Number.parseInt(share, 10))));
}

/** Which part comes next: the same again after damage, since it may be mended. Pure. */
export function nextPart({ checked, damage }: Pick<Notes, 'checked' | 'damage'>, of: number): number {
  if (checked?.of !== of) return 1;
  return damage ? checked.part : (checked.part % of) + 1;
}

/**
 * Reads the next part of it back.
 * @throws TidemarkError `VerificationFailed` where it is damaged, also where that was found before and it is not yet time to
 *   look again
 */
export async function checkPart(repository: Repository, signal: AbortSignal): Promise<void> {
  const { checkShare = DEFAULT_SHARE } = repository.volume.options ?? {};
  const notes = await readNotes(repository);
  const { checkedAt, checked: _before, damage, ...others } = notes;
  if (damage && checkedAt !== undefined && !isPast(checkedAt, CHECK_DAMAGED_EVERY)) {
    throw makeDamaged(repository, damage);
  }
  const of = countParts(checkShare);
  const part = nextPart(notes, of);
  const args = ['check', `--read-data-subset=${part}/${of}`];
  const result = await runPastLocks(repository, args, { signal });
  const ended = { ...others, checkedAt: now(), checked: { part, of } };
  if (result.exitCode === 0) return await writeNotes(repository, ended);
  const error = classifyEnding(repository, args, result);
  // What can't be read since the store does not answer is not damaged.
  if (error.type !== 'VerificationFailed' || countRetries(result.stderr) > 0) throw asUnchecked(error);
  const found = describeDamage(result.stderr, error);
  await writeNotes(repository, { ...ended, damage: found });
  throw makeDamaged(repository, found);
}

const asUnchecked = (error: TidemarkError) =>
  error.type === 'VerificationFailed'
    ? new TidemarkError(
        'HostUnreachable',
        'the store did not bring back all that it was asked for',
        error.details,
      )
    : error;

const TOLD_PACKS = 5;

function describeDamage(
  said: string,
  { details: { toolMessage } }: TidemarkError,
): NonNullable<Notes['damage']> {
  const packs = brokenPacks(said);
  const told = packs.slice(0, TOLD_PACKS).join(', ') + (packs.length > TOLD_PACKS ? ', …' : '');
  const message =
    packs.length === 0
      ? 'the repository is damaged'
      : `the repository is damaged: ${packs.length} of its packs can't be read back: ${told}`;
  const repair = `restic repair packs ${packs.slice(0, TOLD_PACKS).join(' ')}${packs.length > TOLD_PACKS ? ' …' : ''}, then restic repair snapshots --forget`;
  return {
    message,
    ...(toolMessage !== undefined && { toolMessage }),
    hint: `recovery points that need what is damaged can't be restored whole: restore from another target where there is one; to mend it (https://restic.readthedocs.io/en/stable/077_troubleshooting.html): ${packs.length === 0 ? 'restic repair index' : repair}; the next sync sends again what the source still has, and an hour after this it is checked again`,
  };
}

function makeDamaged({ host, volume }: Repository, { message, ...details }: NonNullable<Notes['damage']>) {
  return new TidemarkError('VerificationFailed', message, {
    ...{ host: host.name, volume: volume.path },
    ...details,
  });
}
