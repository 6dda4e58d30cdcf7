/** Finds and ends what an `up` that was killed has left running. */
import { isDead, listPids, readEnvironment, readStat } from '../hosts/local/proc';
import type { ProcessStat } from '../hosts/local/proc';
import { waitUntil } from '../hosts/local/terminate';

/**
 * Marks every process under an `up`, with its state folder. Its name does not begin with `TIDEMARK_`:
 * hosts keep those from the tools that they run, and this one is for those, too.
 */
export const UP_MARKER = 'UNDER_TIDEMARK_UP';

const TERM_MS = 5000;
const KILL_MS = 10_000;

/** Every process that runs under the `up` of a state folder, this one excepted. */
export async function findUnderUp(home: string): Promise<ProcessStat[]> {
  // As the bytes stand in /proc, which is read byte by byte.
  const marker = Buffer.from(`${UP_MARKER}=${home}`).toString('latin1');
  const found: ProcessStat[] = [];
  for (const pid of await listPids()) {
    if (pid === process.pid) continue;
    const environment = await readEnvironment(pid);
    if (!environment?.includes(marker)) continue;
    const stat = await readStat(pid);
    if (stat && !isDead(stat)) found.push(stat);
  }
  return found;
}

async function signalAll(processes: readonly ProcessStat[], signal: NodeJS.Signals): Promise<void> {
  for (const { pid, startTime } of processes) {
    if ((await readStat(pid))?.startTime !== startTime) continue;
    try {
      process.kill(pid, signal);
    } catch {
      // Gone already, or another user's: the next look tells.
    }
  }
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
