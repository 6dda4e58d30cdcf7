/** What the catalog keeps of what is wrong, and of who is told of it. */
import type { KnownCondition } from '../model/notify/decide';
import type { NoticeContent } from '../model/notify/notice';
import type { Instant } from '../model/records';

/** `waiting`: not delivered yet. */
export type NoticeState = 'waiting' | 'sent' | 'givenUp';

/** A message to a receiver. */
export interface NoticeEntry {
  receiver: string;
  /** One of its receiver's. */
  id: string;
  createdAt: Instant;
  state: NoticeState;
  content: NoticeContent;
  /** How often it was tried, and has failed. */
  attempts: number;
  /** Why it failed last. Null where it never did. */
  problem: string | null;
  /** When it was sent, or given up. Null while it waits. */
  settledAt: Instant | null;
}

/** A message without what it says. */
export type NoticeMark = Pick<NoticeEntry, 'receiver' | 'id' | 'createdAt' | 'state' | 'settledAt'> & {
  isTest: boolean;
};

/** Sums over the whole life of the catalog, tests left out; but for when it last took a message. */
export interface NoticeTotals {
  receiver: string;
  sent: number;
  /** Attempts that failed. */
  failed: number;
  givenUp: number;
  lastSentAt: Instant | null;
}

export interface KnownConditions {
  /** Grows with each decision. */
  version: number;
  conditions: KnownCondition[];
}

/** What was decided from the conditions of a version. */
export interface RecordedDecision {
  version: number;
  changed: readonly KnownCondition[];
  removed: readonly KnownCondition[];
  notices: readonly NoticeContent[];
}

export interface NoticesQuery {
  /** Those in this state alone. */
  state?: NoticeState;
  /** At most so many. */
  limit: number;
}

/** As of the rest of the catalog: all throw TidemarkError `ToolFailed`, retryable, where the database does not answer. */
export interface NoticesCatalog {
  /** All that is wrong, or was and not everybody knows that it is over. */
  knownConditions(): Promise<KnownConditions>;
  /**
   * All or nothing, and durable then. False where another decision was recorded since this version: nothing was
   * changed then, and it is to be decided anew.
   */
  recordDecision(decision: RecordedDecision): Promise<boolean>;
  /** A message that somebody tries a receiver by; recorded again, it stays as it is. */
  recordTest(content: NoticeContent): Promise<void>;
  notice(receiver: string, id: string): Promise<NoticeEntry | undefined>;
  /** An attempt to deliver it has ended. Of one that was sent or given up before, nothing is changed. */
  settleNotice(settled: {
    receiver: string;
    id: string;
    /** `failed`: it waits for another attempt. */
    how: 'sent' | 'failed' | 'givenUp';
    at: Instant;
    /** Why it was not sent; null keeps what is known. */
    problem: string | null;
  }): Promise<void>;
  /** All that were not sent, and those that were made since. */
  noticeMarks(since: Instant): Promise<NoticeMark[]>;
  /** Newest first, tests left out. */
  notices(query: NoticesQuery): Promise<NoticeEntry[]>;
  /** Sorted by receiver. */
  noticeTotals(): Promise<NoticeTotals[]>;
}
