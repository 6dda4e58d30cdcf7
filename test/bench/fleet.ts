/** How long it takes to see how ten thousand relationships are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '../../src/catalog/open';
import type { ToldState } from '../../src/model/told-state';
import { FleetView } from '../../src/workers/fleet/fleet-view';
import { startHttp } from '../../src/workers/http/app';
import { FakeCatalog } from '../support/model/catalog-fake';
import { makeStatus } from '../support/model/status';

const ROOT = join(__dirname, '..', '..');

/** In step since a moment ago, by a schedule of its own. */
function makeTold(index: number): ToldState {
  const name = `relationship-${String(index).padStart(5, '0')}`;
  const at = new Date(Date.now() - (index % 600) * 1000).toISOString();
  const status = makeStatus(name, {
    trigger: { schedule: `${index % 60} */${1 + (index % 12)} * * *`, timezone: 'Europe/Berlin' },
    objectives: { rpo: '1h' },
  });
  const lastSync = { syncId: `${name}-000001`, result: 'succeeded' as const, startedAt: at, endedAt: at };
  return {
    at,
    status: {
      ...status,
      phase: 'Idle',
      lastSync: { ...lastSync, bytes: 1000, files: 1, durationSeconds: 1 },
      targets: status.targets.map((target) => ({
        ...target,
        result: 'succeeded',
        recoveryPoint: '20261121T100000Z-000001',
        capturedAt: at,
      })),
    },
  };
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await act();
  return (performance.now() - since) / 1000;
}

async function runGet(url: string, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'tidemark.mjs'), 'get', ...args], {
    env: { ...process.env, TIDEMARK_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => (lines += chunk.toString().split('\n').length - 1));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 || lines < 100) throw new Error(`tidemark get ended with ${code}, after ${lines} lines`);
}

/** Seconds, each the best of some rounds. */
export interface FleetFigures {
  relationships: number;
  record: number;
  firstAnswer: number;
  answer: number;
  page: number;
  get: number;
}

/** The states of so many relationships in an embedded catalog, and the API of a control worker above it. */
export async function measureFleet(relationships: number, rounds: number): Promise<FleetFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-fleet-'));
  const catalog = await openCatalog({ dataDir: folder });
  const view = new FleetView(catalog);
  const http = await startHttp({
    catalog: new FakeCatalog(),
    temporal: { hosts: () => Promise.resolve([]) },
    metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
    listen: { host: '127.0.0.1', port: 0 },
    fleet: { now: async () => ({ states: await view.read(), checkedAt: null, trouble: null }) },
  });
  const ask = async (query: string) => {
    const response = await fetch(`${http.address}/v1/fleet?${query}`);
    await response.text();
    if (!response.ok) throw new Error(`the API answers ${response.status}`);
  };
  const best = async (act: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await timed(act));
    return Math.min(...times);
  };
  try {
    const states = Array.from({ length: relationships }, (_, index) => makeTold(index));
    const record = await timed(() => catalog.recordStates(states));
    const firstAnswer = await timed(() => ask('limit=100000'));
    return {
      ...{ relationships, record, firstAnswer },
      answer: await best(() => ask('limit=100000')),
      page: await best(() => ask('limit=50&sort=status')),
      get: await best(() => runGet(http.address)),
    };
  } finally {
    await http.close();
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  }
}
