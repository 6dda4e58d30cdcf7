import { ActivityFailure, ApplicationFailure, isCancellation, setCurrentDetails } from '@temporalio/workflow';
import { page, plain } from '../model/markdown';

/**
 * What a relationship answers. Where it does not, the details say why, and so does the failure itself, for whoever
 * looks at a list of workflows alone.
 * @param asked what it was asked for, in Markdown
 */
export async function answerOf<T>(asking: Promise<T>, asked: string): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (isCancellation(error)) {
      setCurrentDetails(page([`${asked}; the waiting was cancelled: what has begun goes on.`]));
      throw error;
    }
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (!(cause instanceof ApplicationFailure)) throw error;
    setCurrentDetails(page([`${asked}: **failed**: ${plain(cause.message)}.`]));
    throw ApplicationFailure.create({
      message: cause.message,
      nonRetryable: true,
      ...(cause.type && { type: cause.type }),
      ...(cause.details && { details: cause.details }),
    });
  }
}
