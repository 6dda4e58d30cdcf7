import type { Host, RunOptions } from '../../hosts/contract';

/** A host whose programs all carry one attempt's mark, so that a successor finds and ends them. */
function markAttempts(host: Host, attempt: string): Host {
  const mark = (options?: RunOptions): RunOptions => ({ attempt, ...options });
  return {
    ...host,
    run: (argv, options) => host.run(argv, mark(options)),
    pipe: (argvs, options) => host.pipe(argvs, mark(options)),
  };
}

/**
 * One step at a time on each side of a relationship. An attempt that Temporal has given up may still
 * run, in this process or left behind by one that was killed: its programs are ended, and its own
 * clean-up is waited for, before the successor begins.
 */
export class Exclusive {
  private readonly running = new Map<string, Promise<unknown>>();

  async run<T>(host: Host, key: string, step: (host: Host) => Promise<T>): Promise<T> {
    const attempt = `step:${key}`;
    const before = this.running.get(key) ?? Promise.resolve();
    const turn = (async () => {
      await host.endAttempts(attempt);
      await before.catch(() => undefined);
      return step(markAttempts(host, attempt));
    })();
    this.running.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.running.get(key) === turn) this.running.delete(key);
    }
  }
}
