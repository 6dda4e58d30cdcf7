/** What `/proc` says about processes. A process that goes away while it is read is simply not there. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

export interface ProcessStat {
  pid: number;
  /** `Z` and `X` are dead already and only wait to be reaped. */
  state: string;
  group: number;
  /** In clock ticks since boot: with the pid, it names one process for ever. */
  startTime: string;
}

/** Undefined where there is no such process. */
export async function readStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The name, second field, may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0] ?? 'X', group: Number(fields[2]), startTime: fields[19] ?? '' };
}

const pidsAmong = (names: readonly string[]) => names.filter((name) => /^\d+$/.test(name)).map(Number);

export const listPids = async (): Promise<number[]> => pidsAmong(await readdir('/proc'));

const listPidsNow = (): number[] => pidsAmong(readdirSync('/proc'));

export function isDead(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

/** Reads into `into` from its beginning. Undefined where it does not fit; zero for a process that is gone, or not ours to look at. */
function readEnvironment(pid: number, into: Buffer): number | undefined {
  let file: number;
  try {
    file = openSync(`/proc/${pid}/environ`, 'r');
  } catch {
    return 0;
  }
  try {
    for (let length = 0; length < into.length;) {
      const count = readSync(file, into, length, into.length - length, null);
      if (count === 0) return length;
      length += count;
    }
    return undefined;
  } catch {
    return 0;
  } finally {
    closeSync(file);
  }
}

/** Whether one of the strings, a NUL after each, is this one. */
function holdsString(strings: Buffer, wanted: Buffer): boolean {
  for (let at = strings.indexOf(wanted); at >= 0; at = strings.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const begins = at === 0 || strings[at - 1] === 0;
    if (begins && (end === strings.length || strings[end] === 0)) return true;
  }
  return false;
}

/** After so many processes, others have their turn. */
const PROCESSES_AT_ONCE = 200;
let environment = Buffer.alloc(64 * 1024);

/**
 * Every process that lives with this variable in its environment, this one excepted. Looked for before and after every
 * piece of work, so in the cheapest way: the kernel answers at once, and going through Node's pool of threads costs five
 * times as much as the answer.
 */
export async function findMarked(variable: string, value: string): Promise<ProcessStat[]> {
  const marker = Buffer.from(`${variable}=${value}`);
  const marked: number[] = [];
  for (const [index, pid] of listPidsNow().entries()) {
    if (index % PROCESSES_AT_ONCE === PROCESSES_AT_ONCE - 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (pid === process.pid) continue;
    let length = readEnvironment(pid, environment);
    for (; length === undefined; length = readEnvironment(pid, environment))
      environment = Buffer.alloc(2 * environment.length);
    if (holdsString(environment.subarray(0, length), marker)) marked.push(pid);
  }
  const stats = await Promise.all(marked.map(readStat));
  return stats.filter((stat) => stat !== undefined).filter((stat) => !isDead(stat));
}

/** Signals the process that was seen, and not another that has its number by now. */
export async function signalProcess({ pid, startTime }: ProcessStat, signal: NodeJS.Signals): Promise<void> {
  if ((await readStat(pid))?.startTime !== startTime) return;
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, or another user's: the next look tells.
  }
}
