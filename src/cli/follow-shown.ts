import { follow } from '../client/follow';
import { note } from './output';
import { makeProgressView } from './progress';
import type { ProgressView } from './progress';
import type { Temporal } from '../client/temporal-client';

const INTERRUPTED = 130;

/** Lines above the bar, which is redrawn below them. */
function tell(view: ProgressView, lines: readonly string[]): void {
  if (lines.length > 0) view.stop();
  for (const line of lines) note(line);
}

/**
 * Follows an operation to its end with progress on stderr. Ctrl-C ends the waiting, not the operation.
 * @param readNews asked now and then for what is to be said besides, line by line.
 * @throws what the operation failed with.
 */
export async function followShown<Result>(
  temporal: Temporal,
  workflowId: string,
  readNews?: () => Promise<string[]>,
): Promise<Result> {
  const view = makeProgressView();
  const leave = () => {
    view.stop();
    note('no longer waiting; the operation continues: tidemark get shows it');
    process.exit(INTERRUPTED);
  };
  // `tidemark up` has more to end than this.
  const isOurs = process.listenerCount('SIGINT') === 0;
  if (isOurs) process.once('SIGINT', leave);
  process.once('exit', view.stop);
  try {
    return await follow<Result>(temporal, workflowId, {
      onProgress: (progress) => view.show(progress),
      ...(readNews && { onLook: async () => tell(view, await readNews()) }),
    });
  } finally {
    process.off('SIGINT', leave).off('exit', view.stop);
    view.stop();
  }
}
