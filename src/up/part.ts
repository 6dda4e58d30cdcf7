/** One supervised process of `up`: started, logged, started again when it dies, ended with its group. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { endGroups } from '../hosts/local/terminate';
import { LogFile } from './log-file';

export interface PartOptions {
  /** As users read it: `Temporal`, `agent of alpha`. */
  name: string;
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  logPath: string;
  /** A process of ours: says by a message when it is ready, and ends when this process is gone. */
  ours: boolean;
  /** Is told when it died, and when it is started again. */
  say: (text: string) => void;
}

const BACKOFF_MS = { first: 500, most: 10_000 };
/** One that lived for so long had started well: the next backoff starts again. */
const STABLE_MS = 20_000;
const STOP_MS = 10_000;

export class Part {
  readonly log: LogFile;
  /** How often it died before it was ever ready. */
  failures = 0;
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private isReady = false;
  private backoffMs = BACKOFF_MS.first;
  private startedAt = 0;

  constructor(readonly options: PartOptions) {
    this.log = new LogFile(options.logPath);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** The newest life has said that it is ready; known of processes of ours alone. */
  get ready(): boolean {
    return this.isReady;
  }

  start(): void {
    this.stopping = false;
    const [program = '', ...args] = this.options.argv;
    this.isReady = false;
    this.startedAt = performance.now();
    // A group of its own: Ctrl-C is for this process alone, which then ends all others in order.
    const child = spawn(program, args, {
      env: this.options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(this.options.ours ? ['ipc' as const] : [])],
    });
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.log.write(chunk));
    child.on('message', (message) => {
      if ((message as { ready?: unknown } | null)?.ready === true) this.isReady = true;
    });
    child.once('error', (error) => this.ended(child, error.message));
    child.once('exit', (code, signal) => this.ended(child, signal ?? `exit code ${code}`));
  }

  private ended(child: ChildProcess, how: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    if (!this.isReady) this.failures++;
    this.isReady = false;
    if (this.stopping) return;
    if (performance.now() - this.startedAt > STABLE_MS) this.backoffMs = BACKOFF_MS.first;
    const waitMs = this.backoffMs;
    this.backoffMs = Math.min(this.backoffMs * 2, BACKOFF_MS.most);
    this.options.say(`${this.options.name} ended (${how}); starting it again in ${waitMs / 1000} s`);
    this.timer = setTimeout(() => void this.startAgain(child.pid), waitMs);
  }

  /** What the dead one had started must be gone before its successor begins. */
  private async startAgain(group: number | undefined): Promise<void> {
    if (group !== undefined) await endGroups([group], { graceMs: 0, killAfterMs: STOP_MS });
    if (!this.stopping) this.start();
  }

  /** Ends it as a power cut would, with all that it had started; it stays away until `start`. */
  async crash(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const pid = this.child?.pid;
    if (pid === undefined) return;
    this.child?.kill('SIGKILL');
    await endGroups([pid], { graceMs: 0, killAfterMs: STOP_MS });
  }

  /** TERM to the process, which ends its own; then to its group, and KILL. Settles once all are gone. */
  async stop({ graceMs = STOP_MS } = {}): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const pid = this.child?.pid;
    if (pid !== undefined) {
      this.child?.kill('SIGTERM');
      await endGroups([pid], { graceMs, killAfterMs: 2000 });
    }
    await this.log.close();
  }
}
