import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import { makeHostActivities } from '../activities/host';
import type { AgentContext } from '../activities/host/context';
import { runOwedUndo } from '../activities/host/hooks';
import type { Host } from '../hosts/contract';
import { makeCredentials } from '../hosts/credentials';
import { lockFolder } from '../hosts/local/folder-lock';
import { ActivityInterceptor } from '../activities/interceptor';
import type { Labels } from '../model/labels';
import type { TidemarkError } from '../model/errors';
import { Turns } from '../activities/turns';
import { makeLocalHost } from '../hosts/local';
import { sweepKeys } from '../landings/ssh-client';
import { makeVolumes } from '../volumes/registry';
import { makeHostQueue } from '../model/names';
import { openSide } from './host-side';
import { type SideOptions } from './side';
import { serveFrontDoor } from './front-door';
import { parseListenAddress, type Listening } from './http/listen';
import { makeLogger } from './logger';
import type { Registry } from 'prom-client';
import { makeRegistry } from './metrics';
import { startMetricsServer } from './metrics-server';
import { serveSdkMetrics } from './sdk-metrics';
import { makeIdentity, refuseSecondAgent, watchForSecondAgent } from './second-agent';
import { makeNews } from './sync-due';
import { tellLabels } from './tell-labels';
import { connectWorker, installRuntime, shutdownSignal, WORKER_DEFAULTS } from './temporal';

export interface AgentOptions extends SideOptions {
  /** The only folder from which hooks are run; on the host that the agent speaks for. */
  allowHooks?: string;
  /** What hosts are selected by. */
  labels?: Labels;
  /** The folder of what reaches stores, on this machine. */
  credentials?: string;
  /** `HOST:PORT` for Prometheus. */
  metrics?: string;
}

/** Landings that expired while nobody closed them, and undo that a killed agent owed. */
const SWEEP_EVERY_MS = 60_000;

async function startSweeping(context: AgentContext): Promise<() => void> {
  const sweep = async () => {
    try {
      const swept = await context.landings.sweep(new Date());
      if (swept > 0) context.log.info({ swept }, 'closed landings that had expired');
    } catch (error) {
      context.log.warn({ err: error }, 'sweeping landings failed');
    }
  };
  await runOwedUndo(context, context.host);
  // Only now, while none is being made: a key without its note looks like one that was left over.
  await sweepKeys(context.host, new Date());
  await sweep();
  const timer = setInterval(() => void sweep(), SWEEP_EVERY_MS);
  return () => clearInterval(timer);
}

async function serve(
  context: AgentContext,
  own: Host,
  connection: NativeConnection,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const { host, log } = context;
  const agent = { host: host.name, turns: new Turns() };
  const worker = await Worker.create({
    ...WORKER_DEFAULTS,
    connection,
    namespace,
    identity: await makeIdentity(own),
    taskQueue: makeHostQueue(host.name),
    activities: makeHostActivities(context),
    interceptors: {
      activity: [(activityContext) => ({ inbound: new ActivityInterceptor(activityContext, log, agent) })],
    },
  });
  const stop = () => worker.shutdown();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  log.info({ queue: makeHostQueue(host.name) }, `agent of host ${host.name} is ready`);
  process.send?.({ ready: true });
  let refusal: TidemarkError | undefined;
  const stopWatching = watchForSecondAgent({ connection, namespace, host: own }, log, (other) => {
    refusal = other;
    stop();
  });
  try {
    await worker.run();
  } finally {
    stopWatching();
  }
  if (refusal) throw refusal;
}

/** Ours, and those of the SDK. @throws TidemarkError `ToolFailed` where the port is taken. */
async function serveMetrics(
  listen: string | undefined,
  registry: Registry,
  log: Logger,
): Promise<Listening | undefined> {
  if (listen === undefined) {
    installRuntime(log);
    return undefined;
  }
  const sdkMetricsAddress = await serveSdkMetrics((address) => installRuntime(log, address));
  return await startMetricsServer({
    registry,
    sdkMetricsAddress,
    listen: parseListenAddress(listen),
  });
}

/** Opens everything that one agent needs, and closes it again in the reverse order. */
async function runLocked(options: AgentOptions, log: Logger, signal: AbortSignal): Promise<void> {
  // This machine, where the agent's own state is, whichever host it speaks for.
  const own = makeLocalHost({ name: options.host, home: options.home });
  const registry = makeRegistry('agent');
  const metrics = await serveMetrics(options.metrics, registry, log);
  const { connection, namespace } = await connectWorker(log, signal);
  await refuseSecondAgent({ connection, namespace, host: own }, signal);
  const side = await openSide(options, log, signal);
  const credentials = makeCredentials(options.host, options.credentials, options.via === undefined);
  const host: Host = { credentials, ...side.host };
  const context: AgentContext = {
    host,
    landings: side.landings,
    volumes: makeVolumes(host),
    ...(options.allowHooks !== undefined && { allowHooks: options.allowHooks }),
    log,
  };
  // What can't be looked for everywhere is found where it is in somebody's way.
  await context.volumes
    .start(makeNews({ connection, namespace, host: host.name }, log, signal))
    .catch((error: unknown) => log.warn({ err: error }, 'what a former agent left could not be looked for'));
  const stopSweeping = await startSweeping(context);
  const stopped = new AbortController();
  const untilStopped = AbortSignal.any([signal, stopped.signal]);
  const { host: name, labels = {} } = options;
  const telling = tellLabels({ connection, namespace }, { host: name, labels }, log, untilStopped);
  const frontDoor = serveFrontDoor(
    host.cluster,
    options.kubernetes ?? {},
    { connection, namespace },
    log,
    untilStopped,
    registry,
  );
  try {
    await serve(context, own, connection, namespace, signal);
  } finally {
    stopSweeping();
    stopped.abort();
    await Promise.all([frontDoor, telling]);
    // What could not be removed now, the next start removes.
    await context.volumes.stop().catch((error: unknown) => log.warn({ err: error }, 'not all was removed'));
    await side.close();
    await connection.close();
    await metrics?.close();
  }
}

/** Runs the agent of one host until it is told to stop. @throws TidemarkError where another one runs already. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const log = makeLogger({ host: options.host });
  const signal = shutdownSignal();
  await mkdir(options.home, { recursive: true, mode: 0o700 });
  const lock = lockFolder(options.home, `the state of host ${options.host}`);
  try {
    await runLocked(options, log, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    lock.release();
  }
}
