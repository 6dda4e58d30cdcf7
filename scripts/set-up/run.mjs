import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { SetUpError } from './report.mjs';

/** Where system tools are that an ordinary user's PATH may leave out. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The path of a program, or undefined. */
export function findProgram(name, folders = (process.env.PATH ?? '').split(delimiter)) {
  for (const folder of [...folders, ...SYSTEM_FOLDERS]) {
    if (!folder) continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/**
 * Runs a program to its end; its output is kept, and only shown when it fails. Ended after `timeoutMs`.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(argv, { cwd, env, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = argv;
    // A group of its own, so that a time limit ends what the program started, too.
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const endAll = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // Gone already.
      }
    };
    const interrupted = () => endAll('SIGTERM');
    process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-200_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = timeoutMs && setTimeout(() => endAll('SIGKILL'), timeoutMs);
    const done = () => {
      clearTimeout(timer);
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    };
    child.once('error', (error) => (done(), reject(error)));
    child.once('close', (code, signal) => {
      done();
      resolve({ code: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output });
    });
  });
}

/** Tools say what is wrong at the beginning or at the end. */
function shorten(output) {
  const lines = output.trimEnd().split('\n');
  return (lines.length <= 40 ? lines : [...lines.slice(0, 20), '…', ...lines.slice(-20)]).join('\n');
}

/** Runs a program that must succeed. @throws SetUpError with its output. */
export async function runChecked(argv, { failure, ...options } = {}) {
  let result;
  try {
    result = await run(argv, options);
  } catch (error) {
    result = { code: 1, output: error.message };
  }
  if (result.code === 0) return result.output;
  throw new SetUpError(
    `${failure ?? `${argv.join(' ')} failed`} (exit code ${result.code}):\n\n${shorten(result.output)}`,
  );
}
