import { TidemarkError } from '../model/errors';
import { formatDuration } from '../model/units';
import type { RunOptions } from './contract';

/** Why programs are to be ended before their time. */
export interface Stop {
  reason: unknown;
}

/** Watches for an abort or a timeout; the first of them is the reason. */
export function watchForStop(
  host: string,
  program: string,
  { signal, timeoutMs }: RunOptions,
): { stopped: Promise<Stop>; dispose: () => void } {
  let dispose: () => void = () => undefined;
  const stopped = new Promise<Stop>((resolve) => {
    const onAbort = () => resolve({ reason: signal?.reason });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => resolve({ reason: makeTimeout(host, program, timeoutMs) }), timeoutMs);
    dispose = () => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  });
  return { stopped, dispose };
}

function makeTimeout(host: string, program: string, timeoutMs: number): TidemarkError {
  const message = `${program} did not finish within ${formatDuration(timeoutMs)} and was ended`;
  return new TidemarkError('ToolFailed', message, { host });
}
