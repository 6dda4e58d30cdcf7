import type { Logger } from 'pino';
import { tellBoth, type ToldState } from '../../model/told-state';
import type { Catalog } from '../../catalog/contract';
import { settlesWithin } from './settles-within';

/** A workflow's task waits no longer than that for the catalog; what it told is kept, and written later. */
const PATIENCE_MS = 2000;
const AGAIN_MS = 1000;

/**
 * Writes what relationships tell of themselves to the catalog: all that come while a write runs go in the next one, of
 * each the newest alone. Whoever tells may wait until it is written, so that a workflow's task is not done before.
 */
export class StateTeller {
  private waiting = new Map<string, ToldState>();
  private running: Promise<void> | undefined;
  private isAway = false;
  private isStopped = false;

  constructor(
    private readonly catalog: Pick<Catalog, 'recordStates'>,
    private readonly log: Logger,
  ) {}

  /** Settles once it is written; while the catalog does not answer, at once. Never throws. */
  async tell(told: ToldState): Promise<void> {
    const { name } = told.status;
    this.waiting.set(name, tellBoth(this.waiting.get(name), told));
    const written = this.flush();
    if (this.isAway) return;
    // It hangs: the next task is not to wait for it, too.
    if (!(await settlesWithin(written, PATIENCE_MS))) this.isAway = true;
  }

  /** Settles once all that was told so far is written, or could not be. */
  private async flush(): Promise<void> {
    // What runs may have begun before the newest was told.
    await this.running;
    if (this.waiting.size > 0) this.running ??= this.write().finally(() => (this.running = undefined));
    // Also where somebody else who waited has begun it.
    await this.running;
  }

  private async write(): Promise<void> {
    const batch = this.waiting;
    this.waiting = new Map();
    try {
      await this.catalog.recordStates([...batch.values()]);
      if (this.isAway) this.log.info({ states: batch.size }, 'the catalog answers again');
      this.isAway = false;
    } catch (error) {
      // What was told since is newer.
      for (const [name, told] of this.waiting) batch.set(name, tellBoth(batch.get(name), told));
      this.waiting = batch;
      if (!this.isAway) this.log.warn({ err: error }, 'the state of relationships can not be recorded now');
      this.isAway = true;
      if (!this.isStopped) setTimeout(() => void this.flush(), AGAIN_MS).unref();
    }
  }

  /** Writes what is left, once. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.flush();
  }
}
