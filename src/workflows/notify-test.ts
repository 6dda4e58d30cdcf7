import { ChildWorkflowFailure, executeChild, workflowInfo } from '@temporalio/workflow';
import type { NoticeRef, NotifyTestAnswer, NotifyTestInput } from '../api/messages';
import { noticeId } from '../model/names';
import { notice } from './notice';
import { onControl } from './steps';

/** Longer than any attempt but a program's that was given more. */
const GIVE_UP_AFTER_MS = 60_000;

/** Sends a test to one receiver, or to all, by the way that all messages take; each is tried once. */
export async function notifyTest(input: NotifyTestInput): Promise<NotifyTestAnswer> {
  // Anybody may start it, with anything.
  const given: Partial<NotifyTestInput> | undefined = input;
  const { receiver } = given ?? {};
  const requestId = workflowInfo().runId;
  const refs = await onControl('Make the tests').makeTestNotices({ receiver: receiver ?? null, requestId });
  return await Promise.all(refs.map(sendOne));
}

async function sendOne(ref: NoticeRef): Promise<NotifyTestAnswer[number]> {
  const { receiver, id } = ref;
  try {
    const outcome = await executeChild(notice, {
      workflowId: noticeId(receiver, id),
      args: [{ ...ref, giveUpAfterMs: GIVE_UP_AFTER_MS, attempts: 1 }],
      staticSummary: `A test of receiver ${receiver}`,
    });
    return { receiver, ...outcome };
  } catch (error) {
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    return { receiver, state: 'givenUp', problem: error.cause?.message ?? error.message };
  }
}
