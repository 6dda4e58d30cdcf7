/** What `/proc` says about processes. A process that goes away while it is read is simply not there. */
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

/** The start of the environment that a process was given; undefined where it can't be read. */
export async function readEnvironment(pid: number): Promise<string[] | undefined> {
  const text = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => undefined);
  return text?.split('\0');
}

export async function listPids(): Promise<number[]> {
  const names = await readdir('/proc');
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

export function isDead(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

/** Every process that lives with this variable in its environment, this one excepted. */
export async function findMarked(variable: string, value: string): Promise<ProcessStat[]> {
  // As the bytes stand in /proc, which is read byte by byte.
  const marker = Buffer.from(`${variable}=${value}`).toString('latin1');
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

/** Signals the process that was seen, and not another that has its number by now. */
export async function signalProcess({ pid, startTime }: ProcessStat, signal: NodeJS.Signals): Promise<void> {
  if ((await readStat(pid))?.startTime !== startTime) return;
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, or another user's: the next look tells.
  }
}
