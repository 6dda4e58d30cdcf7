/** An operation as it goes on: told by the control worker, or asked for where that fails. */
import { createParser } from 'eventsource-parser';
import type { OperationView } from '../../api/operation-view';
import { pauseMs } from '../model/backoff';
import { ApiError, getJson, request } from './api';

const ASK_EVERY_MS = 2000;

const pathOf = (workflowId: string) => `/v1/operations/${encodeURIComponent(workflowId)}`;

/** Until this much time has passed and somebody looks, or nobody wants to know any more. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    let isTime = false;
    const look = () => {
      if (!signal.aborted && (!isTime || document.hidden)) return;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      done();
    };
    const timer = setTimeout(() => {
      isTime = true;
      look();
    }, ms);
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
  });
}

/** Reads the stream until its end, or until nobody looks any more. */
async function readStream(
  workflowId: string,
  tell: (view: OperationView) => void,
  signal: AbortSignal,
): Promise<void> {
  const unseen = new AbortController();
  const look = () => document.hidden && unseen.abort();
  document.addEventListener('visibilitychange', look);
  try {
    const response = await request(`${pathOf(workflowId)}/stream`, {
      signal: AbortSignal.any([signal, unseen.signal]),
      headers: { accept: 'text/event-stream' },
    });
    const parser = createParser({
      onEvent: ({ data }) => tell(JSON.parse(data) as OperationView),
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const read = await reader?.read();
      if (!read || read.done) return;
      parser.feed(read.value);
    }
  } finally {
    document.removeEventListener('visibilitychange', look);
  }
}

/**
 * Tells each change until the operation has ended, Temporal knows it no more, or it is told to stop.
 * @param lose called where it can't be followed for now, and with undefined once it can again
 */
export async function followOperation(
  workflowId: string,
  tell: (view: OperationView) => void,
  lose: (error: ApiError | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  let isOver = false;
  const take = (view: OperationView) => {
    if (signal.aborted) return;
    isOver = view.state !== 'running';
    lose(undefined);
    tell(view);
  };
  for (let failures = 0; !isOver && !signal.aborted;) {
    await pause(0, signal);
    if (signal.aborted) return;
    try {
      await readStream(workflowId, take, signal);
    } catch {
      // Asked for below, and then streamed again.
    }
    if (isOver || signal.aborted) return;
    try {
      take(await getJson<OperationView>(pathOf(workflowId), signal));
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      lose(error instanceof ApiError ? error : new ApiError(String(error)));
      if (error instanceof ApiError && error.status === 404) return;
      failures += 1;
    }
    await pause(pauseMs(ASK_EVERY_MS, failures), signal);
  }
}
