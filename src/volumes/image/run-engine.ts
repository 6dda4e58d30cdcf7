import { basename } from 'node:path';
import type { RunOptions, RunResult } from '../../hosts/contract';
import { tailOf } from '../../hosts/run-checked';
import { makeError } from '../shared/tools';
import type { Subject } from './engine';
import { findEngineRule } from './failures';

/** The error for an engine's tool that failed. */
export function classifyEngineFailure(
  subject: Pick<Subject, 'host' | 'volume' | 'command'>,
  args: readonly string[],
  { stderr, stdout, exitCode }: RunResult,
): Error {
  const toolMessage = tailOf(stderr || stdout.toString());
  const rule = findEngineRule(stderr);
  const name = `${basename(subject.command[0] ?? '')} ${args.slice(0, 2).join(' ')}`;
  const message = rule?.message ?? `${name} ended with exit code ${exitCode}`;
  return makeError(subject, rule?.type ?? 'ToolFailed', message, {
    toolMessage,
    ...(rule && { hint: rule.hint }),
  });
}

/** Runs the engine's tool. @param allows failures that the caller sees to */
export async function runEngine(
  subject: Subject,
  args: readonly string[],
  options: RunOptions = {},
  allows: (stderr: string) => boolean = () => false,
): Promise<RunResult> {
  const { host, command, attempt } = subject;
  const marked = { ...(attempt !== undefined && { attempt }), ...options };
  const result = await host.run([...command, ...args], marked);
  if (result.exitCode === 0 || allows(result.stderr)) return result;
  throw classifyEngineFailure(subject, args, result);
}
