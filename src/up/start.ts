/** Starts and ends all parts of an `up`, in their order. */
import { ClientError } from '../client/exit-codes';
import type { Temporal } from '../client/temporal-client';
import { endLeftOvers } from './left-overs';
import { makeParts } from './parts';
import type { Parts } from './parts';
import { choosePorts } from './ports';
import { saysPortTaken, waitPartReady, waitTemporalReady } from './ready';
import type { Reporter } from './reporter';
import type { UpOptions } from './options';
import type { UpPorts } from '../client/up-state';

/** How often other ports are chosen: between being found free and being used, somebody may take one. */
const TRIES = 5;

export interface Started {
  parts: Parts;
  ports: UpPorts;
  temporal: Temporal;
}

export interface StartOptions extends Pick<UpOptions, 'home' | 'notify'> {
  /** Ports that must be these, and those of the last time, which may be others. */
  asked: Partial<UpPorts>;
  last: Partial<UpPorts> | undefined;
  /** The file of tokens, where tokens may have things done. */
  tokensPath?: string;
  reporter: Reporter;
  /** Is told of ports that are taken, and of parts that end. */
  say: (text: string) => void;
  signal: AbortSignal;
  /** Before anything is started. */
  onChosen?: (ports: UpPorts) => Promise<unknown>;
}

/** Starts every part and waits until all are ready. @throws ClientError with the end of a log, where one is not */
async function startAll(
  parts: Parts,
  ports: UpPorts,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Temporal> {
  parts.temporal.start();
  const temporal = await reporter.step('Temporal', () =>
    waitTemporalReady(parts.temporal, ports.temporal, signal),
  );
  const rest = [parts.control, ...parts.agents];
  for (const part of rest) part.start();
  await reporter.step('control worker, agents of alpha and beta', async () => {
    await Promise.all(rest.map((part) => waitPartReady(part, signal)));
  });
  return temporal;
}

/** Who asks first is ended first, so that nobody finds somebody missing. */
export async function stopAll(parts: Parts, home: string): Promise<void> {
  await Promise.all(parts.agents.map((part) => part.stop()));
  await parts.control.stop();
  await parts.temporal.stop();
  await endLeftOvers(home);
}

/**
 * Starts every part, on other ports where one was taken just before it was used; ends all where one can't be started.
 * @throws ClientError `PortTaken` where one that was asked for is taken; with the end of a log, where a part does not start
 */
export async function startOnFreePorts(options: StartOptions): Promise<Started> {
  const { home, asked, last, reporter, say, signal, onChosen } = options;
  for (let tries = 1; ; tries++) {
    const ports = await choosePorts(asked, last, reporter.say);
    await onChosen?.(ports);
    const parts = makeParts(options, ports, say);
    try {
      return { parts, ports, temporal: await startAll(parts, ports, reporter, signal) };
    } catch (error) {
      await stopAll(parts, home);
      const isTaken = error instanceof ClientError && saysPortTaken(error.more.toolMessage ?? '');
      if (tries >= TRIES || !isTaken) throw error;
      reporter.say('a port was taken just now by another program: choosing again');
    }
  }
}
