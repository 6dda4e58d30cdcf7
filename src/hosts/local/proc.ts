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
