/** All relationships: what they told last, and what a look at Temporal found since. */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Catalog, StateEntry } from '../../catalog/contract';
import { TidemarkError } from '../../model/errors';
import type { Instant } from '../../model/records';
import { FleetView } from './fleet-view';
import { type KnownState, type StatesSource, statusOf } from './known-states';
import { settlesWithin } from './settles-within';
import { sweep } from './sweep';

export interface FleetNow {
  /** By name, in that order. */
  states: ReadonlyMap<string, StateEntry>;
  /** When Temporal was last asked about them all; null for never. */
  checkedAt: Instant | null;
  /** Why it could not be asked after that: somebody may have vanished, or gone on. */
  trouble: string | null;
}

export interface FleetSource {
  /** @throws TidemarkError where the catalog does not answer */
  now(): Promise<FleetNow>;
}

/** There are none. */
export const NO_FLEET: FleetSource = {
  now: () => Promise.resolve({ states: new Map(), checkedAt: null, trouble: null }),
};

const SILENT = 'Temporal does not answer';

/** A look is made for whoever asks where the last is older than this, and than so many times what it took. */
const FRESH_MS = 1000;
const ASKED_SPARING = 10;
/** Whoever asks waits for one that was that quick, so long at most. */
const QUICK_MS = 1000;
const WAIT_MS = 4000;
/** Temporal that hangs is given up then. */
const MOST_LOOK_MS = 60_000;
/** At rest, looking takes one part in so many of the time. */
const SPARING = 50;
const LEAST_PAUSE_MS = 30_000;
const MOST_PAUSE_MS = 600_000;

export class Fleet implements FleetSource, StatesSource {
  private readonly view: FleetView;
  private readonly askedAtMs = new Map<string, number>();
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private checkedAtMs: number | undefined;
  private endedAtMs = 0;
  private durationMs = 0;
  private trouble: string | null = null;

  constructor(
    private readonly client: Client,
    private readonly catalog: Catalog,
    private readonly log: Logger,
  ) {
    this.view = new FleetView(catalog);
  }

  /** From now on looks are made from time to time, too. */
  start(): void {
    void this.look();
  }

  /** A look that is under way is not waited for: it may hang with Temporal. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** What relationships told last, without a look at Temporal. @throws TidemarkError where the catalog does not answer */
  async known(): Promise<FleetNow['states']> {
    return await this.view.read();
  }

  async now(): Promise<FleetNow> {
    await this.freshen();
    const states = await this.view.read();
    const checkedAt = this.checkedAtMs === undefined ? null : new Date(this.checkedAtMs).toISOString();
    return { states, checkedAt, trouble: this.trouble };
  }

  async states(names: readonly string[]): Promise<ReadonlyMap<string, KnownState>> {
    const { states, trouble } = await this.now().catch(() => NO_FLEET.now());
    return new Map(
      names.map((name): [string, KnownState] => {
        const entry: StateEntry | undefined = states.get(name);
        const unanswered = trouble ?? 'it has told nothing of itself yet';
        if (!entry) return [name, { unanswered }];
        return [name, { status: statusOf(entry), ...(trouble !== null && { unanswered }) }];
      }),
    );
  }

  /** Looks first, where that is quick; else whoever asks later has it. */
  private async freshen(): Promise<void> {
    const hasTrouble = this.trouble !== null;
    const goodForMs = hasTrouble ? FRESH_MS : Math.max(FRESH_MS, ASKED_SPARING * this.durationMs);
    if (Date.now() - this.endedAtMs < goodForMs) return;
    if (!hasTrouble && this.durationMs >= QUICK_MS) {
      void this.look();
      return;
    }
    if (!(await settlesWithin(this.look(), WAIT_MS))) this.trouble ??= SILENT;
  }

  /** Those who want one at the same time share it. Never throws. */
  private look(): Promise<void> {
    this.running ??= this.lookNow().finally(() => {
      this.running = undefined;
      this.endedAtMs = Date.now();
      this.plan();
    });
    return this.running;
  }

  private async lookNow(): Promise<void> {
    const startedAtMs = Date.now();
    try {
      const states = await this.view.read();
      const { client, catalog, askedAtMs } = this;
      const until = startedAtMs + MOST_LOOK_MS;
      await client.withDeadline(until, () => sweep({ client, catalog, states, askedAtMs }));
      this.checkedAtMs = startedAtMs;
      this.trouble = null;
    } catch (error) {
      // Of a catalog that does not answer, whoever asks hears at once.
      if (error instanceof TidemarkError || this.isStopped) return;
      if (this.trouble === null)
        this.log.warn({ err: error }, 'Temporal can not be asked about relationships');
      this.trouble = SILENT;
    } finally {
      this.durationMs = Date.now() - startedAtMs;
    }
  }

  private plan(): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    const pauseMs = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, SPARING * this.durationMs));
    this.timer = setTimeout(() => void this.look(), pauseMs);
    this.timer.unref();
  }
}
