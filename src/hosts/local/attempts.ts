/**
 * Finds and ends the processes of an attempt whose agent was lost. All descendants of a program
 * inherit its environment, so the marker finds them whoever their parent is now.
 */
import { TidemarkError } from '../../model/errors';
import { findMarked, type ProcessStat, signalProcess } from './proc';
import { ATTEMPT_VARIABLE } from './program';
import { waitUntil } from './terminate';

const DEFAULT_TERM_MS = 5000;
const DEFAULT_KILL_MS = 10_000;

/**
 * Ends every process of an attempt, this one excepted: TERM, then KILL after `termMs`.
 * Returns how many there were. What this user may not look at is not seen.
 * @throws TidemarkError `VolumeBusy` where one survives KILL for `killMs`.
 */
export async function endAttempts(
  host: string,
  attempt: string,
  { termMs = DEFAULT_TERM_MS, killMs = DEFAULT_KILL_MS }: { termMs?: number; killMs?: number } = {},
): Promise<number> {
  const seen = new Set<string>();
  let alive: ProcessStat[] = [];
  /** One look: signals whatever it finds, so that what was forked meanwhile is ended too. */
  const makeRound = (signal: NodeJS.Signals) => {
    const signalled = new Set<string>();
    return async () => {
      alive = await findAttempt(attempt);
      for (const found of alive) {
        const key = `${found.pid}:${found.startTime}`;
        seen.add(key);
        if (!signalled.has(key)) await signalProcess(found, signal);
        signalled.add(key);
      }
      return alive.length === 0;
    };
  };
  if (await waitUntil(makeRound('SIGTERM'), termMs)) return seen.size;
  if (await waitUntil(makeRound('SIGKILL'), killMs)) return seen.size;
  const pids = alive.map(({ pid }) => pid).join(', ');
  throw new TidemarkError(
    'VolumeBusy',
    `an earlier attempt still runs and can't be ended (process ${pids})`,
    {
      host,
      hint: `look at it with: ps -o pid,stat,wchan:20,args -p ${pids.replaceAll(' ', '')}`,
    },
  );
}

const findAttempt = (attempt: string) => findMarked(ATTEMPT_VARIABLE, attempt);
