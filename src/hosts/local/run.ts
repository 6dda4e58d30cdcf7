import type { RunOptions, RunResult } from '../contract';
import { runPipe } from './pipe';

/** Runs one program to its end. See `Host.run`. */
export async function run(host: string, argv: readonly string[], options?: RunOptions): Promise<RunResult> {
  const [result] = await runPipe(host, [argv], options);
  if (!result) throw new Error('a pipe of one program has one result');
  return result;
}
