/**
 * How much of an agent's work runs at once. All of it is taken from the queue at once, however much
 * there is: work that waited there for long would look as if the host had no agent.
 */
import { availableParallelism } from 'node:os';

/** Steps that carry data and may take hours: they must not keep the short ones waiting. */
const LONG_STEPS = new Set([
  'capture',
  'transfer',
  'publish',
  'verify',
  'rollback',
  'keepDiverged',
  'makeClone',
  'listPoint',
  'findInPoints',
  'diffPoints',
]);

/** A first-come, first-served limit. */
class Lane {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.free = atOnce;
  }

  /** Waits for a turn. @throws the signal's reason where it is aborted before that. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      this.waiting.push(go);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Hands the turn to the one who waited longest. */
  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}

/** The turns of one agent. */
export class Turns {
  private readonly short: Lane;
  private readonly long: Lane;

  constructor({ short = Math.max(8, 4 * availableParallelism()), long = 64 } = {}) {
    this.short = new Lane(short);
    this.long = new Lane(long);
  }

  /** Runs a step once it is its turn. @throws the signal's reason where it is aborted while it waits. */
  async run<T>(step: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lane = LONG_STEPS.has(step) ? this.long : this.short;
    await lane.enter(signal);
    try {
      return await work();
    } finally {
      lane.leave();
    }
  }
}
