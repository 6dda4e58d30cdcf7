import { execFile } from 'node:child_process';

export interface RunOptions {
  /** What the program reads; nothing by default. */
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
  /** After which it is killed. */
  timeoutMs?: number;
}

const MOST_BYTES = 256 * 1024 * 1024;

/** Runs a program that must succeed; what it printed. @throws Error with the program's own words. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { input, env, timeoutMs = 0 } = options;
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { env, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MOST_BYTES },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const why = error.killed && timeoutMs > 0 ? `did not end within ${timeoutMs} ms` : 'failed';
        const said = (stderr || stdout).trim() || error.message;
        reject(new Error(`${argv.join(' ').slice(0, 400)} ${why}: ${said}`, { cause: error }));
      },
    );
    // A program that reads nothing may have ended before it is written to; its exit code says how.
    child.stdin?.on('error', () => undefined).end(input ?? '');
  });
}
