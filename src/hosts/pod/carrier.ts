/** Commands in a container of a pod, each over a connection of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../model/errors';
import type { Carrier, Session } from '../remote/session';
import type { ExecChannel } from './channel';
import { loadKubernetes } from './client';
import { type KubeAccess, NotStarted, readEnd, startExec } from './exec';
import { explainLost, explainMissing, explainStart, mayPass, type PodPlace } from './explain';
import { makeLimit } from './limit';
import { describePod } from './pod-state';

/** An API server that restarts is back within some seconds. */
const DELAYS_MS = [200, 500, 1250, 3000];
const MAX_DELAY_MS = 10_000;
/**
 * Starts in one pod at once. Measured with containerd 1.6 on 2 cores: 40 programs take 1.3 s whether 4, 8 or 16 are started
 * at once; with all 40, its shim stands still, from 5 to 27 s.
 */
const STARTS_AT_ONCE = 8;
const LOOK_MS = 5000;
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 500;
/** 128 + SIGKILL: so ends what runs in a container that is ended. */
const KILLED = 137;

export interface PodCarrier extends Carrier {
  /** Ends the connections. What runs in the pod goes on; `endAttempts` finds it. */
  close(): void;
}

export function makePodCarrier(access: KubeAccess, place: PodPlace): PodCarrier {
  const closing = new AbortController();
  const open = new Set<ExecChannel>();
  const inTurn = makeLimit(STARTS_AT_ONCE);
  const look = (wasKilled = false) => findState(access, place, wasKilled);
  /** A node tells the API some time after a container has ended. */
  const lookAgain = async () => {
    for (let looks = 0; looks < LOOKS; looks++) {
      const state = await look(true);
      if (state !== undefined || closing.signal.aborted) return state;
      await sleep(BETWEEN_LOOKS_MS, undefined, { ref: false });
    }
    return undefined;
  };

  const start = async (command: string): Promise<ExecChannel> => {
    for (let tries = 0; ; tries++) {
      if (closing.signal.aborted)
        throw new TidemarkError('HostUnreachable', 'the connection was closed', { host: place.host });
      try {
        return await inTurn(() => startExec(access, place, command));
      } catch (error) {
        if (!(error instanceof NotStarted)) throw error;
        const { failure, retryAfterMs } = error;
        const delayMs = DELAYS_MS[tries];
        if (delayMs === undefined || !mayPass(failure))
          throw explainStart(place, failure, failure.kind === 'not-started' ? await look() : undefined);
        const waitMs = Math.min(Math.max(delayMs, retryAfterMs), MAX_DELAY_MS);
        // Those that were refused together don't come back together.
        await sleep(waitMs * (1 + Math.random() / 2), undefined, { signal: closing.signal }).catch(
          () => undefined,
        );
      }
    }
  };
  const conclude = async (channel: ExecChannel, session: Session) => {
    // Destroyed here, as all are that said their last word.
    if (channel.closeCode === undefined || closing.signal.aborted) return;
    const { exitCode, message } = readEnd(channel.status);
    const wasKilled = exitCode === KILLED;
    if (exitCode === undefined || wasKilled) {
      const state = wasKilled ? await lookAgain() : await look();
      if (!wasKilled || state !== undefined) {
        session.lost = () => explainLost(place, state, message);
        return;
      }
    }
    session.ended = { code: exitCode };
  };
  return {
    host: place.host,
    missing: (program) => explainMissing(place, program),
    // There is always room for another.
    onFull: () => undefined,
    async open(command) {
      const channel = await start(command);
      open.add(channel);
      if (closing.signal.aborted) channel.destroy();
      const session: Session = {
        channel,
        closed: channel.gone.then(async () => {
          open.delete(channel);
          await conclude(channel, session);
        }),
        lost: (cause) => explainLost(place, undefined, cause instanceof Error ? cause.message : undefined),
      };
      return session;
    },
    close() {
      closing.abort();
      for (const channel of open) channel.destroy();
    },
  };
}

/** See {@link describePod}; undefined too where the API server does not say. */
async function findState(
  access: KubeAccess,
  { namespace, pod, container }: PodPlace,
  wasKilled: boolean,
): Promise<string | undefined> {
  const ask = async () => {
    try {
      const { CoreV1Api } = await loadKubernetes();
      const found = await access.makeApiClient(CoreV1Api).readNamespacedPod({ namespace, name: pod });
      return describePod(found, container, { wasKilled });
    } catch (error) {
      return (error as { code?: unknown }).code === 404 ? describePod(undefined, container) : undefined;
    }
  };
  return await Promise.race([ask(), sleep(LOOK_MS, undefined, { ref: false })]);
}
