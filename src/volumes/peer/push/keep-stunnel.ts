/** A stunnel in the pod of a door: started, kept up, and gone with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runner } from '../../../hosts/contract';
import { type ServerLife, startServer } from '../../../hosts/start-server';
import { TidemarkError } from '../../../model/errors';

const READY_MS = 10_000;
const AGAIN_MS = 1000;
/** What it says once it listens. */
const LISTENS = /\bbound to \S+:\d+$/;

async function keepUp(first: ServerLife, start: () => ServerLife, stopping: AbortSignal): Promise<void> {
  let life = first;
  for (;;) {
    await life.ended;
    if (stopping.aborted) return;
    await sleep(AGAIN_MS, undefined, { signal: stopping, ref: false }).catch(() => undefined);
    if (stopping.aborted) return;
    life = start();
  }
}

/**
 * @param config the file of its configuration
 * @param attempt marks it, and all that is served
 * @returns what ends it, with all that is served
 * @throws TidemarkError `ToolMissing`, or `ToolFailed` where it can't listen
 */
export async function keepStunnel(
  runner: Runner,
  config: string,
  attempt: string,
): Promise<() => Promise<void>> {
  const stopping = new AbortController();
  const start = () =>
    startServer(runner, ['stunnel', config], {
      ...{ signal: stopping.signal, attempt },
      isListening: (line) => LISTENS.test(line),
    });
  const life = start();
  const timeout = sleep(READY_MS, false, { ref: false });
  if (!(await Promise.race([life.ready, timeout]))) {
    stopping.abort();
    const why = await life.ended;
    if (why instanceof TidemarkError && why.type !== 'ToolFailed') throw why;
    throw new TidemarkError('ToolFailed', 'stunnel can’t listen', {
      ...{ host: runner.name, toolMessage: life.lastLines.join('\n') },
      hint: 'look at what else listens on that port, and at psk.txt of its Secret',
    });
  }
  const kept = keepUp(life, start, stopping.signal);
  return async () => {
    stopping.abort();
    await kept;
  };
}
