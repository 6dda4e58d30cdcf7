/** Waits until a part of `up` does its work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError } from '../client/exit-codes';
import { Temporal } from '../client/temporal-client';
import type { Part } from './part';
import { isListeningOn } from './ports';

const READY_MS = 120_000;
const POLL_MS = 50;
/** One that dies so often before it was ever ready will not get better. */
const MAX_FAILURES = 4;

/** What Temporal, and Node, say of a port that somebody else has. */
export function saysPortTaken(log: string): boolean {
  return /address already in use|EADDRINUSE/i.test(log);
}

function failed(part: Part, what: string): ClientError {
  return new ClientError('Failed', `${part.options.name} ${what}`, {
    toolMessage: part.log.tail(),
    hint: `its log: ${part.log.path}`,
  });
}

/** @throws ClientError with the end of its log, where it does not get ready. */
async function waitReady(part: Part, isReady: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!(await isReady())) {
    signal.throwIfAborted();
    if (part.failures >= MAX_FAILURES) throw failed(part, 'does not start');
    if (part.failures > 0 && saysPortTaken(part.log.tail())) throw failed(part, 'finds its port taken');
    if (performance.now() > deadline) throw failed(part, `is not ready after ${READY_MS / 1000} s`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** For parts that say so themselves. */
export function waitPartReady(part: Part, signal: AbortSignal): Promise<void> {
  return waitReady(part, () => Promise.resolve(part.ready), signal);
}

/** Waits until Temporal serves its namespace; answers a client of it. */
export async function waitTemporalReady(part: Part, port: number, signal: AbortSignal): Promise<Temporal> {
  let temporal: Temporal | undefined;
  const serves = async () => {
    // Another Temporal, there before this one, would answer just as well.
    if (part.pid === undefined || !(await isListeningOn(port, part.pid))) return false;
    try {
      temporal ??= await Temporal.connectTo(`127.0.0.1:${port}`);
      await temporal.client.workflowService.describeNamespace({ namespace: 'default' });
      return true;
    } catch {
      return false;
    }
  };
  await waitReady(part, serves, signal);
  if (!temporal) throw failed(part, 'does not answer');
  return temporal;
}
