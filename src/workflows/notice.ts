import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { NoticeInput, NoticeOutcome } from '../api/messages';
import { code, page, plain } from '../model/markdown';
import { formatDuration } from '../model/units';
import { onControl } from './steps';

/** However long the catalog is away. */
const PATIENT = { scheduleToCloseTimeout: '365d' } as const;

/** Longer than any program may take: the sender ends it before. */
const LONGEST_ATTEMPT = '1h';

/** The control worker was killed in the middle: noticed after so long without a heartbeat. */
const LOST_AFTER = '10s';

/**
 * Delivers a message to a receiver, tried again by Temporal until it is taken, is refused for good, or the time is over;
 * then it is given up, and this workflow fails. Cancelled, it is given up at once.
 */
export async function notice({ receiver, id, giveUpAfterMs, attempts }: NoticeInput): Promise<NoticeOutcome> {
  if (typeof receiver !== 'string' || typeof id !== 'string' || !(giveUpAfterMs > 0)) {
    throw ApplicationFailure.nonRetryable(
      'the input must be like {"receiver": "ops", "id": "…", "giveUpAfterMs": 1000}',
      'InvalidSpec',
    );
  }
  setCurrentDetails(page([`Tells ${code(receiver)}: ${code('tidemark notify list')} shows what.`]));
  try {
    return await onControl(`Tell ${receiver}`, {
      startToCloseTimeout: LONGEST_ATTEMPT,
      scheduleToCloseTimeout: giveUpAfterMs,
      heartbeatTimeout: LOST_AFTER,
      retry: {
        initialInterval: '1s',
        backoffCoefficient: 2,
        maximumInterval: '1m',
        ...(attempts !== undefined && { maximumAttempts: attempts }),
      },
    }).deliverNotice({ receiver, id });
  } catch (error) {
    const why = whyNot(error, giveUpAfterMs);
    await CancellationScope.nonCancellable(() =>
      onControl('Record that it was given up', PATIENT).giveUpNotice({ receiver, id, why }),
    );
    setCurrentDetails(page([`${code(receiver)} was not told: ${plain(why)}`]));
    if (isCancellation(error)) throw error;
    throw ApplicationFailure.nonRetryable(why, 'NotTold');
  }
}

function whyNot(error: unknown, giveUpAfterMs: number): string {
  if (isCancellation(error)) return 'somebody has cancelled its workflow';
  if (!(error instanceof ActivityFailure)) return error instanceof Error ? error.message : String(error);
  const { cause, retryState } = error;
  const last = cause instanceof TimeoutFailure ? cause.cause?.message : cause?.message;
  if (retryState !== 'TIMEOUT' && !(cause instanceof TimeoutFailure)) return last ?? error.message;
  return `given up after ${formatDuration(giveUpAfterMs)}${last ? `; at last: ${last}` : ''}`;
}
