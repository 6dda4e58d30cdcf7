/** Programs that work on a volume, and what their failures mean. */
import { basename } from 'node:path';
import { type ErrorDetails, type ErrorType, TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import type { Host, RunOptions, RunResult } from '../../hosts/contract';
import { isOutOfRoom } from '../../hosts/out-of-room';
import { tailOf, toolFailed } from '../../hosts/run-checked';
import { STATE_FILE } from '../../trees/own-entries';

/** Whose failure it is. */
export interface Subject {
  host: Host;
  volume: Volume;
}

export function makeError(
  { host, volume }: Subject,
  type: ErrorType,
  message: string,
  details: Pick<ErrorDetails, 'hint' | 'toolMessage'> = {},
  cause?: unknown,
): TidemarkError {
  return new TidemarkError(type, message, { host: host.name, volume: volume.path, ...details }, { cause });
}

/** True where a program says that there is no room. */
export const isFull = (stderr: string) => /No space left on device|Disk quota exceeded/.test(stderr);

/** The error for a program that failed on a volume. */
export function classifyFailure(subject: Subject, argv: readonly string[], result: RunResult): TidemarkError {
  if (isFull(result.stderr)) {
    const toolMessage = tailOf(result.stderr);
    const hint = 'free space there, or keep fewer recovery points (spec.retain)';
    return makeError(subject, 'TargetFull', `no space is left for ${basename(argv[0] ?? '')}`, {
      toolMessage,
      hint,
    });
  }
  return toolFailed(subject.host, argv, result, subject.volume.path);
}

/** Runs a program that must succeed on a volume. @param allowed further exit codes that are no failure. */
export async function runTool(
  subject: Subject,
  argv: readonly string[],
  options?: RunOptions,
  allowed: readonly number[] = [],
): Promise<RunResult> {
  const result = await subject.host.run(argv, options);
  if (result.exitCode === 0 || allowed.includes(result.exitCode)) return result;
  throw classifyFailure(subject, argv, result);
}

/** Writes a small file beside a volume. @throws TidemarkError `TargetFull` where there is no room even for that. */
export async function writeRecord(
  subject: Subject,
  path: string,
  content: unknown,
  files = subject.host.files,
): Promise<void> {
  try {
    await files.write(path, `${JSON.stringify(content, undefined, 2)}\n`);
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    const { message } = error as Error;
    const hint = 'free space there, or keep fewer recovery points (spec.retain)';
    throw makeError(subject, 'TargetFull', 'no space is left', { toolMessage: message, hint }, error);
  }
}

/** Names that become parts of paths: nothing that could lead out of a folder, or look like an option. */
export function checkName(subject: Subject, name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && name !== STATE_FILE) return name;
  throw makeError(subject, 'InvalidSpec', `${JSON.stringify(name)} can't be part of a path`);
}
