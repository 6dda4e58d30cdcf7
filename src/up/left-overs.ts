/** Finds and ends what an `up` that was killed has left running. */
import { findMarked, type ProcessStat, signalProcess } from '../hosts/local/proc';
import { waitUntil } from '../hosts/local/terminate';

/**
 * Marks every process under an `up`, with its state folder. Its name does not begin with `TIDEMARK_`:
 * hosts keep those from the tools that they run, and this one is for those, too.
 */
export const UP_MARKER = 'UNDER_TIDEMARK_UP';

const TERM_MS = 5000;
const KILL_MS = 10_000;

/** Every process that runs under the `up` of a state folder, this one excepted. */
export const findUnderUp = (home: string): Promise<ProcessStat[]> => findMarked(UP_MARKER, home);

async function signalAll(processes: readonly ProcessStat[], signal: NodeJS.Signals): Promise<void> {
  for (const each of processes) await signalProcess(each, signal);
}

/** Ends them: TERM, then KILL. Answers how many there were. @throws Error where one survives KILL. */
export async function endLeftOvers(home: string): Promise<number> {
  const first = await findUnderUp(home);
  if (first.length === 0) return 0;
  let alive = first;
  const allGone = async () => (alive = await findUnderUp(home)).length === 0;
  await signalAll(first, 'SIGTERM');
  if (await waitUntil(allGone, TERM_MS)) return first.length;
  const killAll = async () => {
    await signalAll(alive, 'SIGKILL');
    return allGone();
  };
  if (await waitUntil(killAll, KILL_MS)) return first.length;
  throw new Error(`these processes can't be ended: ${alive.map(({ pid }) => pid).join(', ')}`);
}
