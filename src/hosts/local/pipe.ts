import { basename } from 'node:path';
import type { RunOptions, RunResult } from '../contract';
import { Program } from './program';
import { watchForStop } from '../stop';
import { endGroups } from './terminate';

const DEFAULT_KILL_AFTER_MS = 5000;
/** What a program leaves running in its group may finish within this long. */
const LINGER_MS = 500;

/**
 * Runs programs that feed each other. Settles once all their process groups are gone.
 * @throws the first reason for which they were ended, or why one could not be started.
 */
export async function runPipe(
  host: string,
  argvs: readonly (readonly string[])[],
  options: RunOptions = {},
): Promise<RunResult[]> {
  // Rejects with the caller's own reason.
  options.signal?.throwIfAborted();
  const killAfterMs = options.killAfterMs ?? DEFAULT_KILL_AFTER_MS;
  const { programs, failed } = startAll(host, argvs, options);
  const names = argvs.map(([program = '']) => basename(program)).join(' | ');
  const { stopped, dispose } = watchForStop(host, names, options);
  try {
    const failure = (await firstFailure(programs)) ?? failed;
    const stop = failure ?? (await Promise.race([allExited(programs), stopped]));
    const groups = programs.flatMap(({ group }) => group ?? []);
    await endGroups(groups, { graceMs: stop ? 0 : LINGER_MS, killAfterMs });
    const running = programs.filter(({ group }) => group !== undefined);
    await Promise.all(running.map((program) => program.drain()));
    if (stop) throw stop.reason;
    return await Promise.all(programs.map((program) => program.result()));
  } finally {
    dispose();
  }
}

/** All in one turn of the event loop: the output of one must not be read before the next has it. */
function startAll(host: string, argvs: readonly (readonly string[])[], options: RunOptions) {
  const programs: Program[] = [];
  for (const [index, argv] of argvs.entries()) {
    const previous = programs.at(-1);
    const last = index === argvs.length - 1;
    try {
      const program = new Program(host, argv, options, { input: previous?.output, last });
      programs.push(program);
      if (program.group === undefined) break;
    } catch (reason) {
      // For example arguments that are too long together.
      return { programs, failed: { reason } };
    } finally {
      // The copy that this process holds would hide from a program that its reader has gone.
      previous?.output.destroy();
    }
  }
  return { programs, failed: undefined };
}

async function firstFailure(programs: Program[]): Promise<{ reason: unknown } | undefined> {
  for (const program of programs) {
    try {
      await program.started();
    } catch (reason) {
      return { reason };
    }
  }
  return undefined;
}

async function allExited(programs: Program[]): Promise<undefined> {
  await Promise.all(programs.map(({ exited }) => exited));
}
