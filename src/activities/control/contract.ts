/** What workflows call on the control worker. Types alone, so that workflow code can import them. */
import type { NoticeOutcome, NoticeRef, SyncAnswer } from '../../api/messages';
import type { Instant, SyncRecord } from '../../model/records';
import type { RelationshipState } from '../../model/relationship-state';
import type { AgentEntry } from '../../catalog/contract';
import type { FanOut, Standing } from '../../model/fan-out';
import type { Relationship } from '../../model/spec';
import type { DrillOutcome, Takeover } from '../../model/status';

/** What the relationship wants its Temporal Schedule to be. */
export interface WantedSchedule {
  /** What each tick starts; by default a sync. */
  what?: 'sync' | 'drill';
  relationship: string;
  /** It ticks whenever one of them does; none: there is to be no Schedule. */
  crons: string[];
  timezone: string;
  jitterMs: number;
  catchUpMs: number;
  paused: boolean;
  /** What its page in the Temporal UI says. */
  note: string;
  /** Goes on even where somebody has paused it in the Temporal UI. */
  resume?: boolean;
}

/** Run by the control worker, on queue `tidemark`. */
export interface ControlActivities {
  /**
   * Every reason why this document can't be accepted, and the document with defaults filled in and a target for each host that
   * its selectors mean.
   */
  checkSpec(
    document: unknown,
    standing?: Standing,
  ): Promise<{ relationship?: Relationship; problems: string[]; warnings?: string[] }>;
  /** The same document with a target for each host that its selectors mean now. */
  selectHosts(standing: Standing): Promise<FanOut>;
  recordAgent(agent: AgentEntry): Promise<void>;
  /** Tells relationships whose selectors mean this host now, or no longer. Answers which. */
  tellSelectors(input: { host: string }): Promise<string[]>;
  /** Makes the Temporal Schedule what the spec says, or removes it where that has none. */
  keepSchedule(wanted: WantedSchedule): Promise<{ nextRun?: Instant }>;
  removeSchedule(relationship: string): Promise<void>;
  /** Sends update `drill` to a relationship and waits for its result: what `requestDrill` runs. */
  sendDrill(input: { relationship: string; requestId: string; scheduled?: boolean }): Promise<DrillOutcome>;
  /** Writes the outcome of a sync to the catalog; idempotent by sync id. */
  recordSync(record: SyncRecord): Promise<void>;
  recordVerified(input: {
    relationship: string;
    target: string;
    pointId: string;
    at: Instant | null;
  }): Promise<void>;
  /** The relationship was applied or changed. Answers how far its name's syncs have counted, in any life. */
  recordRelationship(relationship: Relationship): Promise<{ lastSequence: number }>;
  recordRetired(relationship: string): Promise<void>;
  /**
   * What a relationship of this name knew whose workflow was ended before the run `runId`, and what came of the change
   * of the primary that ran then. Undefined where there was none, or it was deleted.
   */
  recall(input: {
    relationship: string;
    runId: string;
  }): Promise<{ state: RelationshipState; ended?: { takeover: Takeover; epoch: number } } | undefined>;
  /** Sends update `sync` to a relationship and waits for its result: what `requestSync` runs. */
  sendSync(input: {
    relationship: string;
    requestId: string;
    scheduled: boolean;
    /** When the Schedule meant the tick that asks. */
    tick?: Instant;
    targets?: string[];
  }): Promise<SyncAnswer>;
  /** One attempt to tell a receiver; a message that was told, or given up, is left alone. */
  deliverNotice(ref: NoticeRef): Promise<NoticeOutcome>;
  giveUpNotice(given: NoticeRef & { why: string }): Promise<void>;
  /** Messages by which somebody tries a receiver, or all; idempotent by the request's id. */
  makeTestNotices(request: { receiver: string | null; requestId: string }): Promise<NoticeRef[]>;
}
