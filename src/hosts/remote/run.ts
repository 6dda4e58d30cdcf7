/** Runs programs, alone or feeding each other, at the far end. */
import { basename } from 'node:path';
import type { Runner, RunOptions, RunResult } from '../contract';
import { runChecked } from '../run-checked';
import { watchForStop } from '../stop';
import { type Redirects, RemoteProgram, type Sessions } from './program';
import { isQuick } from './shells';

/** See `Runner.run`. */
export async function run(
  sessions: Sessions,
  argv: readonly string[],
  options: RunOptions = {},
  how: { isQuick: boolean } = { isQuick: isQuick(argv) },
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const [result] = await settle(sessions, [argv], options, [new RemoteProgram(sessions, argv, options, how)]);
  return result as RunResult;
}

/**
 * See `Runner.pipe`. Each program has a session of its own, so that each one's exit code and errors are
 * seen; the bytes go through named pipes at the far end, and never through here.
 */
export async function runPipe(
  there: Pick<Runner, 'name' | 'scratch' | 'run' | 'files'>,
  sessions: Sessions,
  argvs: readonly (readonly string[])[],
  options: RunOptions = {},
): Promise<RunResult[]> {
  options.signal?.throwIfAborted();
  const [first] = argvs;
  if (first && argvs.length === 1) return [await there.run(first, options)];
  await there.files.mkdir(there.scratch, 0o700);
  const made = await runChecked(there, ['mktemp', '-d', '-p', there.scratch, 'pipe.XXXXXXXXXX']);
  const folder = made.stdout.toString().trimEnd();
  try {
    const pipes = argvs.slice(1).map((_, index) => `${folder}/${index}`);
    await runChecked(there, ['mkfifo', '-m', '600', '--', ...pipes]);
    const programs = argvs.map((argv, index) => {
      const before = pipes[index - 1];
      const after = pipes[index];
      const redirects: Redirects = {
        ...(before !== undefined && { stdin: before }),
        ...(after !== undefined && { stdout: after }),
      };
      const { onStdout, stdin, ...common } = options;
      return () =>
        new RemoteProgram(
          sessions,
          argv,
          {
            ...common,
            ...(index === 0 && stdin !== undefined && { stdin }),
            ...(index === argvs.length - 1 && onStdout && { onStdout }),
          },
          { redirects, isQuick: false },
        );
    });
    return await settle(sessions, argvs, options, startAll(programs));
  } finally {
    await there.files.remove(folder);
  }
}

/** All of them, or those up to one whose arguments can't even be passed, and why. */
function startAll(starts: (() => RemoteProgram)[]): (RemoteProgram | { reason: unknown })[] {
  const started: (RemoteProgram | { reason: unknown })[] = [];
  for (const start of starts) {
    try {
      started.push(start());
    } catch (reason) {
      return [...started, { reason }];
    }
  }
  return started;
}

/** Waits for all; ends all where one fails, is told to stop, or takes too long. Throws the first reason. */
async function settle(
  { carrier: { host } }: Sessions,
  argvs: readonly (readonly string[])[],
  options: RunOptions,
  started: (RemoteProgram | { reason: unknown })[],
): Promise<RunResult[]> {
  const programs = started.filter((each) => each instanceof RemoteProgram);
  const failed = started.find((each) => !(each instanceof RemoteProgram)) as { reason: unknown } | undefined;
  const names = argvs.map(([program = '']) => basename(program)).join(' | ');
  const { stopped, dispose } = watchForStop(host, names, options);
  try {
    const all = Promise.all(programs.map(({ ended }) => ended));
    const failure = all.then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );
    const stop = failed ?? (await Promise.race([failure, stopped]));
    if (!stop) return await all;
    // What can't be ended because the host is away is ended by the successor of the attempt.
    await Promise.allSettled(programs.map((program) => program.end()));
    await Promise.allSettled(programs.map(({ ended }) => ended));
    throw stop.reason;
  } finally {
    dispose();
  }
}
