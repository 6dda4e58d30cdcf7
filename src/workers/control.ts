import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { InjectedSinks, NativeConnection } from '@temporalio/worker';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { makeControlActivities } from '../activities/control';
import { ActivityInterceptor } from '../activities/interceptor';
import type { StateSinks } from '../model/told-state';
import type { Catalog } from '../catalog/contract';
import { openCatalog } from '../catalog/open';
import { TELLS_ACTOR } from '../client/tells-actor';
import { CONTROL_QUEUE } from '../model/names';
import { loadWorkflowBundle } from './bundle';
import { Fleet } from './fleet/fleet';
import { StateTeller } from './fleet/state-teller';
import { hostsOfFleet, makeHostsSource } from './hosts-seen';
import type { TlsFiles } from './http/certificates';
import { TemporalOperations } from './http/operations';
import { Temporal } from '../client/temporal-client';
import { startHttp } from './http/app';
import { parseListenAddress } from './http/listen';
import { makeLogger } from './logger';
import { Notify } from './notify/notify';
import { withNotifyMetrics } from './notify/metrics';
import { makeControlMetrics } from './metrics';
import { makeProgressSource } from './scrape/running-progress';
import { serveSdkMetrics } from './sdk-metrics';
import { registerSearchAttributes } from './search-attributes';
import {
  connectWorker,
  installRuntime,
  loadTemporalConfig,
  shutdownSignal,
  WORKER_DEFAULTS,
} from './temporal';

export interface ControlOptions {
  /** State folder of the control worker: its embedded catalog. Absolute. */
  home: string;
  /** `HOST:PORT` of the HTTP API. */
  http: string;
  /** A PostgreSQL instead of the embedded catalog. Secret: it may hold a password. */
  databaseUrl?: string;
  /** The file of tokens with names and roles. */
  tokensPath?: string;
  allowActions?: boolean;
  tls?: TlsFiles;
  /** The Temporal UI, for links. */
  uiAddress?: string;
  /** Wanted of every HTTP request; needed where it listens beyond the loopback. */
  token?: string;
  /** The file of receivers and routes, absolute: who is told of what. Left out: nobody is. */
  notify?: string;
  /** Labels of relationships that metrics tell. */
  metricLabels?: readonly string[];
}

async function makeWorker(
  connection: NativeConnection,
  namespace: string,
  client: Client,
  catalog: Catalog,
  teller: StateTeller,
  notify: Notify | undefined,
  log: Logger,
): Promise<Worker> {
  const bundle = await loadWorkflowBundle();
  return Worker.create({
    ...WORKER_DEFAULTS,
    connection,
    namespace,
    identity: `${process.pid}@control`,
    taskQueue: CONTROL_QUEUE,
    workflowBundle: bundle,
    activities: makeControlActivities({ client, catalog, ...(notify && { notifier: notify.notifier }) }),
    sinks: {
      states: { tell: { fn: (_info, told) => teller.tell(told).finally(() => notify?.poke()) } },
    } satisfies InjectedSinks<StateSinks>,
    interceptors: {
      activity: [(context) => ({ inbound: new ActivityInterceptor(context, log) })],
    },
  });
}

async function serve(
  options: ControlOptions,
  catalog: Catalog,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const sdkMetricsAddress = await serveSdkMetrics((address) => installRuntime(log, address));
  const { connection, namespace } = await connectWorker(log, signal);
  await registerSearchAttributes(connection, namespace);
  const client = new Client({
    connection: await Connection.connect(loadTemporalConfig().connectionOptions),
    namespace,
    interceptors: { workflow: TELLS_ACTOR },
  });
  const fleet = new Fleet(client, catalog, log);
  const hosts = makeHostsSource({
    workflowService: client.workflowService,
    namespace,
    hostNames: hostsOfFleet(fleet),
    agents: () => catalog.agents(),
  });
  const teller = new StateTeller(catalog, log);
  const notify =
    options.notify === undefined ? undefined : new Notify(options.notify, { fleet, catalog, client, log });
  const http = await startHttp({
    catalog,
    temporal: hosts,
    states: fleet,
    fleet,
    notify,
    metrics: withNotifyMetrics(
      makeControlMetrics({
        ...{ catalog, hosts, fleet, sdkMetricsAddress },
        running: makeProgressSource(client),
        labelNames: options.metricLabels ?? [],
      }),
      catalog,
      notify,
    ),
    listen: parseListenAddress(options.http),
    operations: new TemporalOperations(Temporal.over(client, 'Temporal'), fleet, options.uiAddress),
    ...(options.token && { token: options.token }),
    ...(options.tokensPath !== undefined && { tokensPath: options.tokensPath }),
    ...(options.tls && { tls: options.tls }),
    allowActions: options.allowActions ?? false,
    logger: log,
  });
  const worker = await makeWorker(connection, namespace, client, catalog, teller, notify, log);
  const stop = () => worker.shutdown();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    log.info({ http: http.address, queue: CONTROL_QUEUE }, 'control worker is ready');
    process.send?.({ ready: true, http: http.address });
    fleet.start();
    notify?.start();
    await worker.run();
  } finally {
    await http.close();
    await notify?.stop();
    fleet.stop();
    await teller.stop();
    await client.connection.close();
    await connection.close();
  }
}

/** Runs the control worker until it is told to stop. */
export async function runControl(options: ControlOptions): Promise<void> {
  const log = makeLogger({ worker: 'control' });
  const signal = shutdownSignal();
  await mkdir(options.home, { recursive: true, mode: 0o700 });
  const catalog = await openCatalog(
    options.databaseUrl ? { url: options.databaseUrl } : { dataDir: join(options.home, 'catalog') },
  );
  try {
    await serve(options, catalog, log, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await catalog.close();
  }
}
