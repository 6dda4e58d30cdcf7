/** Runs programs, alone or feeding each other, on a host reached over SSH. */
import { basename } from 'node:path';
import type { Host, RunOptions, RunResult } from '../contract';
import { runChecked } from '../run-checked';
import { watchForStop } from '../stop';
import { type Redirects, RemoteProgram, type Sessions } from './remote-program';
import { isQuick } from './shells';

/** See `Host.run`. */
export async function run(
  host: string,
  sessions: Sessions,
  argv: readonly string[],
  options: RunOptions = {},
  how: { isQuick: boolean } = { isQuick: isQuick(argv) },
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const [result] = await settle(host, [argv], options, [
    new RemoteProgram(host, sessions, argv, options, how),
  ]);
  return result as RunResult;
}

/**
 * See `Host.pipe`. Each program has a session of its own, so that each one's exit code and errors are
 * seen; the bytes go through named pipes on that host, and never through here.
 */
export async function runPipe(
  host: Pick<Host, 'name' | 'home' | 'run' | 'files'>,
  sessions: Sessions,
  argvs: readonly (readonly string[])[],
  options: RunOptions = {},
): Promise<RunResult[]> {
  options.signal?.throwIfAborted();
  const [first] = argvs;
  if (first && argvs.length === 1) return [await host.run(first, options)];
  await host.files.mkdir(host.home, 0o700);
  const made = await runChecked(host, ['mktemp', '-d', '-p', host.home, 'pipe.XXXXXXXXXX']);
  const folder = made.stdout.toString().trimEnd();
  try {
    const pipes = argvs.slice(1).map((_, index) => `${folder}/${index}`);
    await runChecked(host, ['mkfifo', '-m', '600', '--', ...pipes]);
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
          host.name,
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
    return await settle(host.name, argvs, options, startAll(programs));
  } finally {
    await host.files.remove(folder);
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
  host: string,
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
