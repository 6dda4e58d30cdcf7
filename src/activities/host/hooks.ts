/** Hooks in their order, and the undo that is owed. */
import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { callHook } from '../../model/hook-names';
import type { HookSpec } from '../../model/spec';
import type { AgentContext } from './context';
import { type HookSubject, runHook } from './hook';

/** Runs hooks in order. One with `onError: continue` that fails is logged, and the next one runs. */
export async function runHooks(
  context: AgentContext,
  host: Host,
  hooks: readonly HookSpec[],
  subject: HookSubject,
  signal?: AbortSignal,
): Promise<void> {
  for (const hook of hooks) {
    try {
      await runHook(context, host, hook, subject, signal);
    } catch (error) {
      if (signal?.aborted || hook.onError === 'fail') throw error;
      context.log.warn(
        { err: error, hook: callHook(hook), syncId: subject.syncId },
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
  subject: HookSubject,
): Promise<void> {
  let first: unknown;
  for (const hook of hooks) {
    try {
      await runHook(context, host, hook, subject);
    } catch (error) {
      context.log.warn(
        { err: error, hook: callHook(hook), syncId: subject.syncId },
        'hook after capture failed',
      );
      if (hook.onError === 'fail') first ??= error;
    }
  }
  if (first) throw first as Error;
}

interface Undo {
  hooks: HookSpec[];
  subject: HookSubject;
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
  subject: HookSubject,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (hooks.beforeCapture.length === 0 && hooks.afterCapture.length === 0) return work();
  const note = join(undoFolder(host), `${subject.relationship}.json`);
  await runOwedUndo(context, host, subject.relationship);
  const undo: Undo = { hooks: hooks.afterCapture, subject };
  await host.files.write(note, JSON.stringify(undo));
  const settle = () => runAllHooks(context, host, hooks.afterCapture, subject);
  let result: T;
  try {
    await runHooks(context, host, hooks.beforeCapture, subject, signal);
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
      { relationship: undo.subject.relationship, syncId: undo.subject.syncId },
      'running the hooks after capture that a lost attempt owed',
    );
    await runAllHooks(context, host, undo.hooks, undo.subject).catch(() => undefined);
    await host.files.remove(path);
  }
}
