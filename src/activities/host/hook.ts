/** One hook: a program from the folder that the agent's operator allows, or a Job beside the volume. */
import { dirname, join } from 'node:path';
import type { Host, RunResult } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import { callHook } from '../../model/hook-names';
import type { Volume } from '../../model/records';
import type { HookSpec } from '../../model/spec';
import { durationToMs } from '../../model/units';
import type { HookJobs } from '../../volumes/contract';
import type { AgentContext } from './context';

/** What a hook is about, of which it is told by environment variables. */
export interface HookSubject {
  relationship: string;
  syncId: string;
  volume: Volume;
  /** What it is to see where that is not the volume itself: the copy of a drill. */
  path?: string;
  pointId?: string;
}

const describeSubject = ({ relationship, syncId, volume, path = volume.path, pointId }: HookSubject) => ({
  TIDEMARK_RELATIONSHIP: relationship,
  TIDEMARK_SYNC_ID: syncId,
  TIDEMARK_VOLUME: path,
  ...(pointId && { TIDEMARK_POINT: pointId }),
});

/**
 * The program of a hook. Only a plain file name is looked up, only in the agent's own folder, and no
 * symlink leads out of it: a spec alone can't execute anything.
 * @throws TidemarkError `HookFailed` saying what the agent's operator would have to allow.
 */
async function findProgram(
  { allowHooks }: Pick<AgentContext, 'allowHooks'>,
  host: Host,
  name: string,
): Promise<string> {
  const fail = (message: string, hint: string) =>
    new TidemarkError('HookFailed', message, { host: host.name, hint });
  if (!allowHooks) {
    throw fail(
      `hook ${name}: this agent runs no hooks`,
      'start it with --allow-hooks DIR, a folder of programs it may run',
    );
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
    throw fail(`hook ${name}: not a plain file name`, `name a file of ${allowHooks} on host ${host.name}`);
  }
  // Where both lead, the file last; nothing where one of them is not there.
  const { stdout } = await host.run(['realpath', '-e', '-z', '--', allowHooks, join(allowHooks, name)]);
  const [folder, path] = stdout.toString().split('\0');
  const isFile = path ? (await host.run(['test', '-f', path])).exitCode === 0 : false;
  if (!path || dirname(path) !== folder || !isFile)
    throw fail(`hook ${name}: there is no such file in ${allowHooks}`, `put it there, on host ${host.name}`);
  if ((await host.run(['test', '-x', path])).exitCode !== 0)
    throw fail(`hook ${name}: ${path} is not executable`, `chmod +x ${path}`);
  return path;
}

const SEE = 'see what it says, or set onError: continue for it';

/**
 * Runs it to its end.
 * @throws TidemarkError `HookFailed`, in its own words; the abort reason where `signal` ended it
 */
export async function runHook(
  context: AgentContext,
  host: Host,
  hook: HookSpec,
  subject: HookSubject,
  signal?: AbortSignal,
): Promise<void> {
  const { run, job } = hook;
  const [name = '', ...rest] = run ?? [];
  const program = job === undefined ? await findProgram(context, host, name) : undefined;
  const about = { host: host.name, volume: describeSubject(subject).TIDEMARK_VOLUME };
  const begun = program
    ? startProgram(host, [program, ...rest], hook, subject, signal)
    : startJob(context, host, hook, subject, signal);
  const said = await begun.catch((error: unknown) => {
    // Over its time, or not to be started: a failure of the hook, and not one to repeat it for.
    if (!(error instanceof TidemarkError) || error.type === 'HookFailed') throw error;
    const { toolMessage, hint = SEE } = error.details;
    const details = { ...about, ...(toolMessage && { toolMessage }), hint: job === undefined ? SEE : hint };
    throw new TidemarkError('HookFailed', `hook ${callHook(hook)} failed: ${error.message}`, details, {
      cause: error,
    });
  });
  if (said === undefined || said.exitCode === 0) return;
  const toolMessage = said.stderr.slice(-2000);
  throw new TidemarkError('HookFailed', `hook ${callHook(hook)} ended with exit code ${said.exitCode}`, {
    ...about,
    ...(toolMessage && { toolMessage }),
    hint: SEE,
  });
}

const startProgram = (
  host: Host,
  argv: readonly string[],
  { timeout }: HookSpec,
  subject: HookSubject,
  signal?: AbortSignal,
): Promise<RunResult> =>
  host.run(argv, {
    timeoutMs: durationToMs(timeout),
    ...(signal && { signal }),
    env: describeSubject(subject),
  });

/** @throws TidemarkError `HookFailed` where the volume is of a kind that has no Jobs */
function jobsOf({ host, volumes }: AgentContext, volume: Volume, job: string): HookJobs {
  const { hookJobs } = volumes.driverFor(volume);
  if (hookJobs) return hookJobs;
  throw new TidemarkError(
    'HookFailed',
    `${job} runs in a cluster, and ${volume.kind} ${volume.path} is in none`,
    {
      ...{ host: host.name, volume: volume.path },
      hint: 'use run for this host, or set onError: continue for it',
    },
  );
}

async function startJob(
  context: AgentContext,
  host: Host,
  { job = '', timeout }: HookSpec,
  subject: HookSubject,
  signal?: AbortSignal,
): Promise<undefined> {
  const { relationship, syncId, volume } = subject;
  const env = describeSubject(subject);
  await jobsOf(context, volume, job).run(host, volume, {
    ...{ relationship, syncId, job, env, path: env.TIDEMARK_VOLUME },
    timeoutMs: durationToMs(timeout),
    ...(signal && { signal }),
  });
}

/**
 * Whether a hook could be run here.
 * @throws TidemarkError `HookFailed`
 */
export async function checkHook(
  context: AgentContext,
  volume: Volume,
  { run, job }: HookSpec,
): Promise<void> {
  const { host } = context;
  if (job === undefined) await findProgram(context, host, run?.[0] ?? '');
  else await jobsOf(context, volume, job).check(host, volume, job);
}
