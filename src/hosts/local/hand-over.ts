/** A program that takes over what this process has to do, with its standard input and output. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** Runs it to its end, in this process's own group. @returns its exit code; 128 + the signal's number where a signal ended it */
export async function handOver(argv: readonly string[]): Promise<number> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}
