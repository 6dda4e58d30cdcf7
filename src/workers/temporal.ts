/** Connecting a worker to Temporal, and the SDK's runtime. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { LogEntry, WorkerOptions } from '@temporalio/worker';
import { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { chooseTemporalAddress, findUp } from '../client/connection';
import { TidemarkError } from '../model/errors';

/**
 * How a worker reaches Temporal: as every Temporal client reads it from the environment, else the one of a running
 * `tidemark up`, else the usual one. @throws ClientError `Unreachable` where `TIDEMARK_HOME` names one that does not run
 */
export function loadTemporalConfig() {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const home = process.env.TIDEMARK_HOME;
  const { address } = chooseTemporalAddress(connectionOptions.address, findUp(), home);
  return { connectionOptions: { ...connectionOptions, address }, namespace: namespace ?? 'default' };
}

/** The SDK's own log goes to ours; its own metrics to a loopback port, where one is given. */
export function installRuntime(log: Logger, metricsAddress?: string): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    // The worker's own life cycle is ours to handle.
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
      log[levels[level]]({ temporal: meta }, message);
    }),
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} },
      ...(metricsAddress && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}

/** Waits for Temporal: a worker that is started before it, or outlives it, is not an error. */
export async function connectWorker(
  log: Logger,
  signal: AbortSignal,
): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace } = loadTemporalConfig();
  for (let attempt = 1; ; attempt++) {
    try {
      return { connection: await NativeConnection.connect(connectionOptions), namespace };
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      log.warn(
        { address: connectionOptions.address, attempt },
        `Temporal is not reachable, trying again: ${message}`,
      );
      await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 250 * attempt)));
    }
  }
}

/** A client on the same service. */
export async function connectClient(): Promise<Client> {
  const { connectionOptions, namespace } = loadTemporalConfig();
  try {
    return new Client({ connection: await Connection.connect(connectionOptions), namespace });
  } catch (error) {
    throw new TidemarkError(
      'HostUnreachable',
      `Temporal at ${connectionOptions.address ?? 'its default address'} does not answer`,
      {
        toolMessage: error instanceof Error ? error.message : String(error),
        hint: 'start it with tidemark up, or set TEMPORAL_ADDRESS',
      },
    );
  }
}

/** What all workers share: progress is to be live, and a shutdown quick. */
export const WORKER_DEFAULTS: Partial<WorkerOptions> = {
  maxHeartbeatThrottleInterval: '1s',
  defaultHeartbeatThrottleInterval: '1s',
  // Work left in the queue would look as if nobody were there, and a sync that waits for its end (`sendSync`)
  // must never keep its own record from being written: agents limit themselves instead (`Turns`).
  maxConcurrentActivityTaskExecutions: 10_000,
  shutdownGraceTime: '2s',
  shutdownForceTime: '15s',
};

/** Aborts on SIGINT or SIGTERM, or once the parent that supervises this process is gone. */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop).once('disconnect', stop);
  return controller.signal;
}
