/** Activities that tell receivers. How a message is sent, the control worker knows. */
import { ApplicationFailure } from '@temporalio/common';
import type { Catalog } from '../../catalog/contract';
import { TidemarkError } from '../../model/errors';
import { makeTestContent, type NoticeContent } from '../../model/notify/notice';
import type { NoticeOutcome, NoticeRef } from '../../api/messages';
import type { Instant } from '../../model/records';
import type { ControlActivities } from './contract';

export interface Notifier {
  /** Names of all there are; undefined where the control worker has no file of receivers that it can use. */
  receivers(): Promise<readonly string[] | undefined>;
  /** Undefined where the receiver has taken it; else why not, without secrets. Never throws. */
  send(content: NoticeContent): Promise<{ problem: string; isFinal: boolean } | undefined>;
}

/** A control worker that was started without receivers. */
export const NO_NOTIFIER: Notifier = {
  receivers: () => Promise.resolve(undefined),
  send: () =>
    Promise.resolve({ problem: 'this control worker was started without --notify', isFinal: false }),
};

type NoticeActivities = Pick<ControlActivities, 'deliverNotice' | 'giveUpNotice' | 'makeTestNotices'>;

type Notices = Pick<Catalog, 'notice' | 'settleNotice' | 'recordTest'>;

const REFUSED = 'NotTold';

export function makeNoticeActivities(catalog: Notices, notifier: Notifier): NoticeActivities {
  /** When messages were sent of which the catalog has not heard yet: the next attempt is not to send them again. */
  const sentAt = new Map<string, Instant>();
  return {
    deliverNotice: (ref) => deliverNotice(catalog, notifier, sentAt, ref),
    async giveUpNotice({ receiver, id, why }) {
      const at = new Date().toISOString();
      await catalog.settleNotice({ receiver, id, how: 'givenUp', at, problem: why });
    },
    makeTestNotices: (request) => makeTests(catalog, notifier, request),
  };
}

/** One attempt. @throws what Temporal is to try again after; a refusal for good is not tried again */
async function deliverNotice(
  catalog: Notices,
  notifier: Notifier,
  sentAt: Map<string, Instant>,
  { receiver, id }: NoticeRef,
): Promise<NoticeOutcome> {
  const entry = await catalog.notice(receiver, id);
  if (!entry) throw ApplicationFailure.nonRetryable('the catalog knows no such message', REFUSED);
  const { state, content } = entry;
  if (state !== 'waiting') return { state, problem: entry.problem };
  const key = `${receiver}/${id}`;
  const settle = (how: 'sent' | 'failed', at: string, problem: string | null) =>
    catalog.settleNotice({ receiver, id, how, at, problem });
  const refused = sentAt.has(key) ? undefined : await notifier.send(content);
  if (refused) {
    await settle('failed', new Date().toISOString(), refused.problem);
    const text = `${receiver} was not told: ${refused.problem}`;
    if (refused.isFinal) throw ApplicationFailure.nonRetryable(text, REFUSED);
    throw new TidemarkError('ToolFailed', text);
  }
  const at = sentAt.get(key) ?? new Date().toISOString();
  sentAt.set(key, at);
  await settle('sent', at, null);
  sentAt.delete(key);
  return { state: 'sent', problem: null };
}

/** Messages by which somebody tries one receiver, or all. @throws ApplicationFailure where there is none of that name */
async function makeTests(
  catalog: Notices,
  notifier: Notifier,
  { receiver, requestId }: { receiver: string | null; requestId: string },
): Promise<NoticeRef[]> {
  const all = await notifier.receivers();
  const refuse = (message: string, hint: string) =>
    ApplicationFailure.nonRetryable(message, 'RefusedByState', { hint });
  if (!all) {
    const hint = 'start it with --notify FILE; where it was, its log says what is wrong with the file';
    throw refuse('the control worker has no receivers', hint);
  }
  const names = receiver === null ? all : all.filter((name) => name === receiver);
  if (names.length === 0) throw refuse(`there is no receiver ${receiver}`, `there is ${all.join(', ')}`);
  const refs = names.map((name): NoticeRef => ({ receiver: name, id: `test-${requestId}` }));
  const createdAt = new Date().toISOString();
  for (const ref of refs) await catalog.recordTest(makeTestContent({ ...ref, createdAt }));
  return refs;
}
