/** One started program: its process group, its exit and its output. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../model/errors';
import type { RunOptions, RunResult } from '../contract';
import { makeToolMissing } from '../missing-tool';
import { OutputTail } from '../output';

/** The variable that marks all processes of one attempt. */
export const ATTEMPT_VARIABLE = 'TIDEMARK_ATTEMPT';

const DEFAULT_OUTPUT_BYTES = 16 * 1024 * 1024;
const STALL_MS = 250;
/** The kernel ends what runs by this with us, however we end. */
const END_WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--'];
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** What concerns the agent alone (addresses and secrets), or would change how a tool behaves. */
const NOT_INHERITED =
  /^(TEMPORAL_.*|TIDEMARK_.*|PG[A-Z]+|RSYNC_.*|NODE_OPTIONS|LANGUAGE|TAR_OPTIONS|BASH_ENV)$/;

/** Where programs are looked for, in this order: `sbin` too, also for users who have it not on their way. */
export function programFolders(): string[] {
  const path = (process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  return [...path, ...SBIN.filter((folder) => !path.includes(folder))];
}

function makeEnvironment({ env, attempt }: RunOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([key]) => !NOT_INHERITED.test(key));
  return {
    ...Object.fromEntries(inherited),
    PATH: programFolders().join(':'),
    LC_ALL: 'C.UTF-8',
    ...env,
    ...(attempt !== undefined && { [ATTEMPT_VARIABLE]: attempt }),
  };
}

/** A program that runs, or that could not be started (see {@link Program.started}). */
export class Program {
  private readonly child: ChildProcess;
  private readonly stdout: OutputTail;
  private readonly stderr: OutputTail;
  private readonly spawned: Promise<unknown>;
  private readonly closed: Promise<unknown>;
  private chunksSeen = 0;
  /** Settles when the program itself has ended; descendants may still run and write. */
  readonly exited: Promise<number>;

  /** @param input where standard input comes from; left out, `options.stdin` or nothing. */
  constructor(
    private readonly host: string,
    private readonly argv: readonly string[],
    private readonly options: RunOptions,
    { input, last }: { input?: Readable | undefined; last: boolean },
  ) {
    const [file, ...args] = options.endsWithAgent ? [...END_WITH_US, ...argv] : argv;
    if (!file) throw new TidemarkError('ToolMissing', 'no program was named', { host });
    const limit = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
    this.stdout = new OutputTail(limit);
    this.stderr = new OutputTail(limit);
    const stdin = input ?? (options.stdin === undefined ? 'ignore' : 'pipe');
    const stdio: StdioOptions = [stdin, 'pipe', 'pipe'];
    this.child = spawn(file, args, {
      detached: true,
      stdio,
      env: makeEnvironment(options),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    });
    this.spawned = once(this.child, 'spawn');
    this.spawned.catch(() => undefined);
    this.closed = new Promise((resolve) => this.child.once('close', resolve));
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
    });
    this.child.on('error', () => undefined);
    if (last) this.collect(this.child.stdout, this.stdout, options.onStdout);
    this.collect(this.child.stderr, this.stderr, options.onStderr);
    // A program that does not want its input may close it early.
    this.child.stdin?.on('error', () => undefined);
    if (options.stdin !== undefined && !input) this.child.stdin?.end(options.stdin);
  }

  /** The process group, which is the program's pid; undefined where it could not be started. */
  get group(): number | undefined {
    return this.child.pid;
  }

  /** Standard output, for the next program of a pipe. */
  get output(): Readable {
    return this.child.stdout as Readable;
  }

  private collect(stream: Readable | null, tail: OutputTail, listener?: (chunk: Buffer) => void): void {
    stream?.on('error', () => undefined);
    stream?.on('data', (chunk: Buffer) => {
      this.chunksSeen++;
      tail.push(chunk);
      listener?.(chunk);
    });
  }

  /** @throws TidemarkError `ToolMissing`, or `ToolFailed`, where the program could not be started. */
  async started(): Promise<void> {
    const { argv, host, options } = this;
    const program = (options.endsWithAgent ? END_WITH_US : argv)[0] ?? '';
    try {
      await this.spawned;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const cwdMissing = options.cwd !== undefined && !(await stat(options.cwd).catch(() => undefined));
      if (code === 'ENOENT' && !cwdMissing) throw makeToolMissing(host, program, error);
      const why = cwdMissing ? `its folder ${options.cwd} is missing` : message;
      throw new TidemarkError(
        'ToolFailed',
        `${program} could not be started: ${why}`,
        { host },
        { cause: error },
      );
    }
  }

  /**
   * Waits until all output was read. To be called when the group is gone: a process that left the
   * group may hold the pipes for ever, so they are closed once nothing comes any more.
   */
  async drain(): Promise<void> {
    for (let seen = -1; seen !== this.chunksSeen;) {
      seen = this.chunksSeen;
      const timer = new AbortController();
      const stalled = sleep(STALL_MS, false, { signal: timer.signal }).catch(() => false);
      const isClosed = await Promise.race([this.closed.then(() => true), stalled]);
      timer.abort();
      if (isClosed) return;
      // One turn of the event loop, so that what waits in the pipe counts.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    this.child.stdin?.destroy();
    await this.closed;
  }

  async result(): Promise<RunResult> {
    const exitCode = await this.exited;
    const stderr = this.stderr.content().toString();
    if (this.options.endsWithAgent && /^setpriv: failed to execute .*: No such file/.test(stderr))
      throw makeToolMissing(this.host, this.argv[0] ?? '');
    return { stdout: this.stdout.content(), stderr, exitCode };
  }
}
