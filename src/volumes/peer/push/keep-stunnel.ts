/** A stunnel in the pod of a door: started, kept up, and gone with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runner } from '../../../hosts/contract';
import { TidemarkError } from '../../../model/errors';

const READY_MS = 10_000;
const AGAIN_MS = 1000;
/** What it says once it listens. */
const LISTENS = /\bbound to \S+:\d+$/;
const LINES_KEPT = 20;

interface Life {
  /** True once it listens, false where it ended before. */
  ready: Promise<boolean>;
  ended: Promise<unknown>;
  lastLines: string[];
}

function startLife(runner: Runner, config: string, attempt: string, signal: AbortSignal): Life {
  const lastLines: string[] = [];
  let isReady: (ready: boolean) => void = () => undefined;
  const ready = new Promise<boolean>((resolve) => (isReady = resolve));
  let rest = '';
  const onStderr = (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split(/\r?\n/);
    rest = lines.pop()?.slice(-1000) ?? '';
    for (const line of lines) {
      lastLines.push(line);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
      if (LISTENS.test(line)) isReady(true);
    }
  };
  const ended = runner
    .run(['stunnel', config], { signal, attempt, onStderr, maxOutputBytes: 4096, endsWithAgent: true })
    .catch((error: unknown) => error)
    .finally(() => isReady(false));
  return { ready, ended, lastLines };
}

async function keepUp(first: Life, start: () => Life, stopping: AbortSignal): Promise<void> {
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
  const start = () => startLife(runner, config, attempt, stopping.signal);
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
