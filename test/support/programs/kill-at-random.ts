/** A program of the tests in a process of its own, killed by `kill -9` after a while. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const TYPESCRIPT = resolve(__dirname, '../run-typescript.cjs');

/**
 * Runs a program of this folder, which says when it begins.
 * @param killAfterMs left out: it is left to its end
 * @returns how long it ran, and whether it came to its end
 */
export async function runElsewhere(
  program: string,
  input: unknown,
  killAfterMs?: number,
): Promise<{ elapsedMs: number; hasEnded: boolean }> {
  const argv = ['--require', TYPESCRIPT, resolve(__dirname, program), JSON.stringify(input)];
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: process.env,
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child.stdout, 'data');
  const begin = performance.now();
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await exited;
  clearTimeout(timer);
  return { elapsedMs: performance.now() - begin, hasEnded: said.includes('end') };
}
