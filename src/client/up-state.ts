/** The state folder of `tidemark up`, and what it says of itself there. Light: every command reads it. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

export interface UpPorts {
  temporal: number;
  ui: number;
  http: number;
}

/** `up.json`: written once everything is ready; the ports are kept for the next start. */
export interface UpState {
  /** Process id and start time, in clock ticks since boot, of the one that supervises. */
  pid: number;
  startTime: string;
  ports: UpPorts;
  /** Its HTTP API wants a token, of this file. */
  tokensPath?: string;
  startedAt: string;
}

/** Everything of `tidemark up` lives here: `TIDEMARK_HOME`, else the user's XDG state folder. */
export function stateHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TIDEMARK_HOME) return resolve(env.TIDEMARK_HOME);
  const base = env.XDG_STATE_HOME;
  // The standard says that a relative path there is to be ignored.
  return join(base && isAbsolute(base) ? base : join(homedir(), '.local', 'state'), 'tidemark');
}

/** What is kept once per user and can be got again. */
export function cacheHome(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'tidemark');
}

export function upStatePath(home: string): string {
  return join(home, 'up.json');
}

export function upTokensPath(home: string): string {
  return join(home, 'tokens.yaml');
}

/** The first token of the file that `up` made; undefined where somebody has written another one. */
export function readUpToken({ tokensPath }: Pick<UpState, 'tokensPath'>): string | undefined {
  if (tokensPath === undefined) return undefined;
  try {
    const { tokens } = JSON.parse(readFileSync(tokensPath, 'utf8')) as { tokens?: { token?: string }[] };
    return tokens?.[0]?.token;
  } catch {
    return undefined;
  }
}

/** Start time of a process in clock ticks since boot, which tells it from a later one with its number. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** What the last `up` of this state folder wrote, whether it still runs or not. */
export function readLastUpState(home: string): UpState | undefined {
  try {
    return JSON.parse(readFileSync(upStatePath(home), 'utf8')) as UpState;
  } catch {
    return undefined;
  }
}

/** The `up` that runs on this state folder; undefined where none does. */
export function readUpState(home: string): UpState | undefined {
  const state = readLastUpState(home);
  return state && startTimeOf(state.pid) === state.startTime ? state : undefined;
}
