/** What `/v1/notices` answers: who is told of what, and whether messages arrive. */
import type { NoticeItem } from '../model/notify/notice';
import type { Instant } from '../model/records';

/** Of what is wrong, so many are named; of messages, too. */
export const MOST_LISTED = 100;

export interface NoticesAnswer {
  /** The control worker's file of receivers, and every reason why it is not used as it is now. */
  file: { path: string; problems: string[] };
  receivers: {
    name: string;
    /** How it is told; null of one that the file has no more. */
    how: 'webhook' | 'email' | 'program' | null;
    sent: number;
    /** Attempts that failed. */
    failed: number;
    givenUp: number;
    waiting: number;
    lastSentAt: Instant | null;
  }[];
  /** How many conditions are open in all. */
  open: number;
  /** The worst of them, by kind and name. */
  conditions: (Pick<NoticeItem, 'relationship' | 'kind' | 'target' | 'severity' | 'text' | 'since'> & {
    /** Receivers that were sent a message of it, delivered or not. */
    told: string[];
  })[];
  /** Messages that are not delivered yet, and those that were given up; newest first. */
  waiting: NoticeSeen[];
  givenUp: NoticeSeen[];
}

export interface NoticeSeen {
  receiver: string;
  id: string;
  title: string;
  createdAt: Instant;
  /** Attempts that failed. */
  attempts: number;
  /** Why the last one failed, or why it was given up. */
  problem: string | null;
  settledAt: Instant | null;
  /** Of the workflow that delivers it. */
  workflowId: string;
}
