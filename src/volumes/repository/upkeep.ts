/** What is done to a repository from time to time, and when it was done last: noted in the agent's own folder. */
import { z } from 'zod';
import { durationToMs } from '../../model/units';
import { writeRecord } from '../shared/tools';
import { shortHash } from './names';
import { type Repository, runResticChecked } from './restic';

const NotesSchema = z.object({ prunedAt: z.string().exactOptional() });
type Notes = z.output<typeof NotesSchema>;

const DEFAULT_PRUNE_EVERY = '7d';

const notePath = ({ host, volume }: Repository) => `${host.home}/repositories/${shortHash(volume.path)}.json`;

async function readNotes(repository: Repository): Promise<Notes> {
  const text = await repository.host.files.read(notePath(repository));
  return text === undefined ? {} : NotesSchema.parse(JSON.parse(text));
}

/** Adds to what is noted. */
async function note(repository: Repository, notes: Notes): Promise<void> {
  await writeRecord(repository, notePath(repository), { ...(await readNotes(repository)), ...notes });
}

const now = () => new Date().toISOString();

const isPast = (last: string, every: string) => Date.now() - Date.parse(last) >= durationToMs(every);

/** Whether the data of forgotten snapshots is to be removed. Begins to count where nobody has looked before. */
export async function isPruneDue(repository: Repository): Promise<boolean> {
  const { prunedAt } = await readNotes(repository);
  const every = repository.volume.options?.pruneEvery ?? DEFAULT_PRUNE_EVERY;
  if (prunedAt !== undefined) return isPast(prunedAt, every);
  await note(repository, { prunedAt: now() });
  return durationToMs(every) === 0;
}

/** Removes the data of forgotten snapshots: reads the whole index, and may rewrite much. */
export async function pruneData(repository: Repository): Promise<void> {
  await runResticChecked(repository, ['prune']);
  await note(repository, { prunedAt: now() });
}
