/** Looks from time to time what is wrong, writes down what is to be told to whom, and has it delivered. */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { NoticeInput } from '../../api/messages';
import type { Notifier } from '../../activities/control/notifier';
import type { Catalog, StateEntry } from '../../catalog/contract';
import type { KnownConditions, NoticeMark } from '../../catalog/notices-contract';
import { CONTROL_QUEUE, noticeId } from '../../model/names';
import type { NotifyConfig } from '../../model/notify/config';
import { keyOf } from '../../model/notify/conditions';
import { decide, type Decision, type KnownCondition, type Sending } from '../../model/notify/decide';
import { durationToMs } from '../../model/units';
import { Heartbeats } from './heartbeats';
import type { NotifyFile } from './notify-file';
import { Observer } from './observe';

/** Some things go wrong by the passing of time alone, and others write to the same catalog. */
const EVERY_MS = 10_000;
/** Where a relationship has told of a change, it is looked sooner, but not all the time. */
const SOONER_MS = 2000;
/** Looking takes one part in so many of the time, unless somebody would wait for too long. */
const SPARING = 50;
const MOST_PAUSE_MS = 30_000;
const HOUR_MS = 3_600_000;
/** Whose workflow was terminated in Temporal, or forgotten there, is begun again. */
const START_AGAIN_MS = 300_000;
const TEMPORAL_PATIENCE_MS = 10_000;
/** Another control worker decides at the same time, perhaps several in turn. */
const MOST_TRIES = 5;

export interface WatcherOptions {
  /** What relationships told of themselves. */
  fleet: { known(): Promise<ReadonlyMap<string, StateEntry>> };
  catalog: Pick<Catalog, 'knownConditions' | 'recordDecision' | 'noticeMarks'>;
  client: Client;
  file: NotifyFile;
  notifier: Notifier;
  log: Logger;
}

export class Watcher {
  private readonly observer = new Observer();
  private known: KnownConditions | undefined;
  /** When the workflow of a message was begun last, in milliseconds since the epoch. */
  private readonly begunAtMs = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private endedAtMs = 0;
  private durationMs = 0;
  private isPoked = false;
  private isStopped = false;
  private hasTrouble = false;

  private readonly heartbeats: Heartbeats;

  constructor(private readonly options: WatcherOptions) {
    this.heartbeats = new Heartbeats(options.notifier, options.log);
  }

  start(): void {
    this.plan(0);
  }

  /** Something may have changed. */
  poke(): void {
    if (this.isPoked) return;
    this.isPoked = true;
    if (!this.running) this.plan(Math.max(0, this.endedAtMs + this.pauseMs(SOONER_MS) - Date.now()));
  }

  private plan(pauseMs: number): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.isPoked = false;
      const startedAtMs = Date.now();
      this.running = this.look().finally(() => {
        this.running = undefined;
        this.endedAtMs = Date.now();
        this.durationMs = this.endedAtMs - startedAtMs;
        this.plan(this.pauseMs(this.isPoked ? SOONER_MS : EVERY_MS));
      });
    }, pauseMs);
  }

  private pauseMs(leastMs: number): number {
    return Math.max(leastMs, Math.min(MOST_PAUSE_MS, SPARING * this.durationMs));
  }

  /** Settles once nothing is written any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** One look. Never throws: what could not be done is done at the next one. */
  async look(): Promise<void> {
    const { file, log } = this.options;
    try {
      await file.refresh();
      const { config } = file;
      if (config) {
        await this.tell(config);
        this.heartbeats.beat(config.receivers, this.known?.conditions ?? []);
      }
      if (this.hasTrouble) log.info('who is to be told is told again');
      this.hasTrouble = false;
    } catch (error) {
      // What was written may not be what is remembered.
      this.known = undefined;
      if (!this.hasTrouble) log.warn({ err: error }, 'nobody can be told of anything now; it is told later');
      this.hasTrouble = true;
    }
  }

  private async tell(config: NotifyConfig): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const states = await this.options.fleet.known();
      const marks = await this.options.catalog.noticeMarks(new Date(Date.now() - HOUR_MS).toISOString());
      this.known ??= await this.options.catalog.knownConditions();
      const { version, conditions: known } = this.known;
      const now = new Date();
      const decision = decide({
        ...{ known, config, now: now.toISOString() },
        observed: this.observer.observe(states, now.getTime()),
        sending: sendingOf(config, marks, now.getTime()),
        lost: lostOf(marks, this.options.file.writtenAtMs),
        makeId: () => noticeNumber(now, version),
      });
      const isKept =
        !isNews(decision) || (await this.options.catalog.recordDecision({ version, ...decision }));
      if (isKept) {
        if (isNews(decision)) this.known = { version: version + 1, conditions: after(known, decision) };
        // Last of all: it is kept, whether Temporal answers or not.
        await this.deliver(config, [...marks, ...decision.notices.map(asWaiting)]);
        return;
      }
      // Another control worker has decided meanwhile.
      this.known = undefined;
    }
  }

  /** Begins the workflow of each message that waits; what Temporal has already goes on there. */
  private async deliver(
    { giveUpAfter }: NotifyConfig,
    marks: readonly Pick<NoticeMark, 'receiver' | 'id' | 'state' | 'isTest'>[],
  ): Promise<void> {
    const waiting = marks.filter(({ state, isTest }) => state === 'waiting' && !isTest);
    const ids = new Set(waiting.map(({ receiver, id }) => noticeId(receiver, id)));
    for (const workflowId of this.begunAtMs.keys())
      if (!ids.has(workflowId)) this.begunAtMs.delete(workflowId);
    for (const { receiver, id } of waiting) {
      const workflowId = noticeId(receiver, id);
      if (Date.now() - (this.begunAtMs.get(workflowId) ?? 0) < START_AGAIN_MS) continue;
      await this.begin(workflowId, { receiver, id, giveUpAfterMs: durationToMs(giveUpAfter) });
      this.begunAtMs.set(workflowId, Date.now());
    }
  }

  private async begin(workflowId: string, input: NoticeInput): Promise<void> {
    const { client } = this.options;
    try {
      await client.withDeadline(Date.now() + TEMPORAL_PATIENCE_MS, () =>
        client.workflow.start('notice', {
          workflowId,
          taskQueue: CONTROL_QUEUE,
          args: [input],
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          staticSummary: `Tells ${input.receiver}`,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

/** `20261201T040000Z-000042`: the same for the same decision, also where a catalog begins anew. */
function noticeNumber(now: Date, version: number): string {
  const compact = now.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  return `${compact}-${String(version).padStart(6, '0')}`;
}

function sendingOf(
  { receivers }: NotifyConfig,
  marks: readonly NoticeMark[],
  nowMs: number,
): ReadonlyMap<string, Sending> {
  return new Map(
    receivers.map(({ name }): [string, Sending] => {
      const own = marks.filter(({ receiver, isTest }) => receiver === name && !isTest);
      return [
        name,
        {
          isWaiting: own.some(({ state }) => state === 'waiting'),
          lastHour: own.filter(({ createdAt }) => Date.parse(createdAt) > nowMs - HOUR_MS).length,
        },
      ];
    }),
  );
}

/** Given up before the file was written that holds now: it may be right now. */
function lostOf(marks: readonly NoticeMark[], writtenAtMs: number): ReadonlySet<string> {
  return new Set(
    marks
      .filter(({ state, settledAt }) => state === 'givenUp' && Date.parse(settledAt ?? '') < writtenAtMs)
      .map(({ receiver, id }) => `${receiver}/${id}`),
  );
}

function asWaiting({ receiver, id }: Pick<NoticeMark, 'receiver' | 'id'>) {
  return { receiver, id, state: 'waiting' as const, isTest: false };
}

function isNews({ changed, removed, notices }: Decision): boolean {
  return changed.length > 0 || removed.length > 0 || notices.length > 0;
}

function after(known: readonly KnownCondition[], { changed, removed }: Decision): KnownCondition[] {
  const all = new Map(known.map((each) => [keyOf(each), each]));
  for (const each of removed) all.delete(keyOf(each));
  for (const each of changed) all.set(keyOf(each), each);
  return [...all.values()];
}
