/** The API over a real catalog, a real Temporal and the metrics of its real SDK. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Catalog } from '../../src/catalog/contract';
import { openCatalog } from '../../src/catalog/open';
import { makeHostQueue } from '../../src/model/names';
import { FleetView } from '../../src/workers/fleet/fleet-view';
import type { FleetSource } from '../../src/workers/fleet/fleet';
import { hostsOfFleet, makeHostsSource } from '../../src/workers/hosts-seen';
import { startHttp } from '../../src/workers/http/app';
import type { Listening } from '../../src/workers/http/listen';
import { makeControlMetrics, makeRegistry } from '../../src/workers/metrics';
import { startMetricsServer } from '../../src/workers/metrics-server';
import { serveSdkMetrics } from '../../src/workers/sdk-metrics';
import { makeDocument, makeOutcome, makePoint, makeSync, minute } from '../support/model/records';
import { makeStatus } from '../support/model/status';
import { reservePorts } from '../support/hosts/ports';
import { findTemporal } from '../support/system/temporal-server';

let folder: string;
let catalog: Catalog;
let temporal: TestWorkflowEnvironment;
let http: Listening;
let sdkMetricsAddress: string;
let endWorker: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-http-'));
  catalog = await openCatalog({ dataDir: folder });
  sdkMetricsAddress = await serveSdkMetrics((bindAddress) => {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { metrics: { prometheus: { bindAddress } } },
    });
  });
  const [port = 0] = await reservePorts(1);
  temporal = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: findTemporal() },
      port,
      log: { format: 'pretty', level: 'error' },
    },
  });
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: makeHostQueue('alpha'),
    identity: '4711@alpha',
    activities: { ping: () => Promise.resolve() },
  });
  const running = worker.run();
  endWorker = async () => {
    worker.shutdown();
    await running;
  };
  const view = new FleetView(catalog);
  const fleet: FleetSource = {
    now: async () => ({ states: await view.read(), checkedAt: null, trouble: null }),
  };
  const hosts = makeHostsSource({
    workflowService: temporal.connection.workflowService,
    namespace: temporal.namespace ?? 'default',
    hostNames: hostsOfFleet(fleet),
    agents: () => catalog.agents(),
  });
  const metrics = makeControlMetrics({ catalog, hosts, fleet, sdkMetricsAddress });
  await catalog.recordRelationship(makeDocument('wiki', { objectives: { rpo: '1h' } }));
  await catalog.recordSync(makeSync('wiki', 1, { targets: [makeOutcome('beta', [makePoint('wiki', 1)])] }));
  await catalog.recordSync(makeSync('wiki', 2));
  const told = makeStatus('wiki', { objectives: { rpo: '1h' } });
  const targets = told.targets.map((target) => ({ ...target, capturedAt: minute(2) }));
  await catalog.recordStates([{ status: { ...told, targets }, at: minute(3) }]);
  http = await startHttp({ catalog, temporal: hosts, metrics, listen: { host: '127.0.0.1', port: 0 } });
}, 120_000);

afterAll(async () => {
  await http.close();
  await endWorker();
  await temporal.teardown();
  await catalog.close();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

async function get(path: string): Promise<unknown> {
  const response = await fetch(http.address + path);
  return { status: response.status, body: await response.json() };
}

test('answers the history of a relationship, newest first, a page at a time', async () => {
  const first = (await get('/v1/relationships/wiki/history?limit=1')) as { body: { id: number }[] };
  expect(first).toMatchObject({
    status: 200,
    body: [{ syncId: 'wiki-000002', result: 'succeeded', durationSeconds: 45 }],
  });
  expect(await get(`/v1/relationships/wiki/history?before=${first.body[0]?.id}`)).toMatchObject({
    status: 200,
    body: [
      {
        syncId: 'wiki-000001',
        startedAt: minute(1),
        endedAt: minute(1, 45),
        targets: [
          {
            name: 'beta',
            result: 'succeeded',
            bytesSent: 1000,
            filesChanged: 7,
            attempts: 1,
            errorType: null,
            error: null,
          },
        ],
      },
    ],
  });
});

test('answers the recovery points that are there now', async () => {
  const newest = makePoint('wiki', 2);
  const points = {
    status: 200,
    body: [{ id: newest.id, target: 'beta', verified: null, keptBecause: ['last 2'] }],
  };
  expect(await get('/v1/relationships/wiki/points')).toMatchObject(points);
  expect(await get('/v1/relationships/wiki/points?target=gamma')).toMatchObject({
    status: 404,
    body: { title: 'NotFound', detail: 'relationship wiki has no target gamma', hint: 'it has beta' },
  });
});

test('answers relationships with the document as it was applied, and how each is', async () => {
  const { body } = (await get('/v1/relationships')) as { body: unknown };
  expect(body).toMatchObject(JSON.parse(JSON.stringify(await catalog.relationships())) as object[]);
  expect(body).toMatchObject([
    { status: 'down', statusReason: expect.stringMatching(/^beta lag/) as string },
  ]);
});

test('knows from Temporal which host has an agent', async () => {
  // The worker polls soon after its start; an answer may be 5 s old.
  for (;;) {
    const { body } = (await get('/v1/hosts')) as {
      body: { name: string; seen: boolean; identities: string[] }[];
    };
    expect(body.map(({ name }) => name)).toEqual(['alpha', 'beta']);
    expect(body[1]).toEqual({
      ...{ name: 'beta', seen: false, identities: [] },
      ...{ named: true, labels: null, toldAt: null },
    });
    if (body[0]?.seen) {
      expect(body[0].identities).toEqual(['4711@alpha']);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
});

test("tells Prometheus our own metrics, those of the process, and those of Temporal's SDK", async () => {
  const response = await fetch(`${http.address}/metrics`);
  const text = await response.text();
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(text).toContain('tidemark_syncs_total{relationship="wiki",result="succeeded"} 2\n');
  expect(text).toMatch(/^tidemark_lag_seconds\{relationship="wiki",target="beta"\} [\d.]+$/m);
  expect(text).toContain('tidemark_agent_seen{host="alpha"}');
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toMatch(/^temporal_\w+\{.*task_queue="host\/alpha".*\}/m);
});

test('an agent serves its metrics and nothing else', async () => {
  const registry = makeRegistry('agent');
  const server = await startMetricsServer({
    registry,
    sdkMetricsAddress,
    listen: { host: '127.0.0.1', port: 0 },
  });
  const text = await (await fetch(`${server.address}/metrics`)).text();
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toMatch(/^temporal_/m);
  expect((await fetch(`${server.address}/`)).status).toBe(404);
  await server.close();
});
