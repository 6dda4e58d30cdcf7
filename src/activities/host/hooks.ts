import { dirname, join } from 'node:path';
import type { Host, RunResult } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import type { HookSpec } from '../../model/spec';
import { durationToMs } from '../../model/units';
import type { AgentContext } from './context';

/** What a hook is told, as environment variables. */
export interface HookEnvironment {
  relationship: string;
  syncId: string;
  volume: string;
  pointId?: string;
}

/**
 * The program of a hook. Only a plain file name is looked up, only in the agent's own folder, and no
 * symlink leads out of it: a spec alone can't execute anything.
 * @throws TidemarkError `HookFailed` saying what the agent's operator would have to allow.
 */
export async function findHook(
  context: Pick<AgentContext, 'allowHooks' | 'host'>,
  hook: HookSpec,
): Promise<string> {
  const { allowHooks, host } = context;
  const name = hook.run[0] ?? '';
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

async function runHook(
  context: AgentContext,
  host: Host,
  hook: HookSpec,
  env: HookEnvironment,
  signal?: AbortSignal,
): Promise<void> {
  const program = await findHook(context, hook);
  const fail = (what: string, toolMessage?: string, cause?: unknown) =>
    new TidemarkError(
      'HookFailed',
      `hook ${hook.run.join(' ')} ${what}`,
      {
        host: host.name,
        volume: env.volume,
        ...(toolMessage && { toolMessage }),
        hint: 'see what it says, or set onError: continue for it',
      },
      { cause },
    );
  const result = await startHook(host, program, hook, env, signal).catch((error: unknown) => {
    // Over its time, or not to be started: a failure of the hook, and not one to repeat it for.
    throw error instanceof TidemarkError ? fail(`failed: ${error.message}`, undefined, error) : error;
  });
  if (result.exitCode !== 0)
    throw fail(`ended with exit code ${result.exitCode}`, result.stderr.slice(-2000));
}

function startHook(
  host: Host,
  program: string,
  hook: HookSpec,
  env: HookEnvironment,
  signal?: AbortSignal,
): Promise<RunResult> {
  return host.run([program, ...hook.run.slice(1)], {
    timeoutMs: durationToMs(hook.timeout),
    ...(signal && { signal }),
    env: {
      TIDEMARK_RELATIONSHIP: env.relationship,
      TIDEMARK_SYNC_ID: env.syncId,
      TIDEMARK_VOLUME: env.volume,
      ...(env.pointId && { TIDEMARK_POINT: env.pointId }),
    },
  });
}

/** Runs hooks in order. One with `onError: continue` that fails is logged, and the next one runs. */
export async function runHooks(
  context: AgentContext,
  host: Host,
  hooks: readonly HookSpec[],
  env: HookEnvironment,
  signal?: AbortSignal,
): Promise<void> {
  for (const hook of hooks) {
    try {
      await runHook(context, host, hook, env, signal);
    } catch (error) {
      if (signal?.aborted || hook.onError === 'fail') throw error;
      context.log.warn(
        { err: error, hook: hook.run, syncId: env.syncId },
        'hook failed; going on, as the spec says',
      );
    }
  }
}

/** Runs every hook, whatever the others do: the undo of what came before. Throws the first error after all ran. */
async function runAllHooks(
  context: AgentContext,
  host: Host,
  hooks: readonly HookSpec[],
  env: HookEnvironment,
): Promise<void> {
  let first: unknown;
  for (const hook of hooks) {
    try {
      await runHook(context, host, hook, env);
    } catch (error) {
      context.log.warn({ err: error, hook: hook.run, syncId: env.syncId }, 'hook after capture failed');
      if (hook.onError === 'fail') first ??= error;
    }
  }
  if (first) throw first as Error;
}

interface Undo {
  hooks: HookSpec[];
  env: HookEnvironment;
}

const undoFolder = (host: Host) => join(host.home, 'hook-undo');

/**
 * Runs `work` between hooks. That the undo is owed is written down before the first hook runs, so
 * that it is run even when this agent is killed in between: by the next attempt, or the next agent.
 */
export async function betweenHooks<T>(
  context: AgentContext,
  host: Host,
  hooks: { beforeCapture: HookSpec[]; afterCapture: HookSpec[] },
  env: HookEnvironment,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (hooks.beforeCapture.length === 0 && hooks.afterCapture.length === 0) return work();
  const note = join(undoFolder(host), `${env.relationship}.json`);
  await runOwedUndo(context, host, env.relationship);
  const undo: Undo = { hooks: hooks.afterCapture, env };
  await host.files.write(note, JSON.stringify(undo));
  const settle = () => runAllHooks(context, host, hooks.afterCapture, env);
  let result: T;
  try {
    await runHooks(context, host, hooks.beforeCapture, env, signal);
    result = await work();
  } catch (error) {
    // The first error is the one reported; what the undo says is in the log.
    await settle().catch(() => undefined);
    await host.files.remove(note);
    throw error;
  }
  try {
    await settle();
  } finally {
    await host.files.remove(note);
  }
  return result;
}

/** Runs the hooks after capture that a killed agent has left owing, for one relationship or for all. */
export async function runOwedUndo(context: AgentContext, host: Host, relationship?: string): Promise<void> {
  for (const name of await host.files.list(undoFolder(host))) {
    if (relationship !== undefined && name !== `${relationship}.json`) continue;
    const path = join(undoFolder(host), name);
    const text = await host.files.read(path);
    if (text === undefined) continue;
    const undo = JSON.parse(text) as Undo;
    context.log.warn(
      { relationship: undo.env.relationship, syncId: undo.env.syncId },
      'running the hooks after capture that a lost attempt owed',
    );
    await runAllHooks(context, host, undo.hooks, undo.env).catch(() => undefined);
    await host.files.remove(path);
  }
}
