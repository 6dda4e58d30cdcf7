/** What a running system tells to those who watch it; and that it tells no secret. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { reservePorts } from '../support/hosts/ports';
import { eventually, TestSystem } from '../support/system/system';

const TOKEN = 'a-token-that-nobody-is-to-see';

let system: TestSystem;
let agentMetrics: string;

const spec = (name: string, source: string, target: string) => `
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${source} }
  targets: [{ host: beta, directory: ${target} }]
  objectives: { rpo: 1h }
  mover: { rsync: { bandwidthLimit: 1MiB } }
`;

async function scrape(address: string): Promise<string> {
  return (await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
}

/** The value of one series; undefined where there is none. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** Command lines of all processes that belong to this system. */
async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines
    .map((line) => line.replaceAll('\0', ' '))
    .filter((line) => line.includes(system.folder) || line.includes('tidemark'));
}

beforeAll(async () => {
  const [port = 0] = await reservePorts(1);
  agentMetrics = `http://127.0.0.1:${port}`;
  process.env.TIDEMARK_TOKEN = TOKEN;
  system = await TestSystem.start({
    agents: { alpha: { options: ['--metrics', `127.0.0.1:${port}`] }, beta: {} },
  });
  const source = join(system.folder, 'source');
  await mkdir(source);
  await writeFile(join(source, 'big'), randomBytes(4 * 1024 ** 2));
  await system.apply(spec('watched', source, join(system.folder, 'target')));
}, 120_000);

afterAll(async () => {
  delete process.env.TIDEMARK_TOKEN;
  await system.stop();
}, 60_000);

test('no private key and no token stands in the arguments of a process, while a transfer runs', async () => {
  const lines = await eventually('rsync and ssh run', async () => {
    const all = await commandLines();
    return all.some((line) => line.includes('rsync')) && all.some((line) => line.includes('ssh -F'))
      ? all
      : undefined;
  });
  expect(lines.join('\n')).not.toMatch(/PRIVATE KEY|AAAAC3/);
  expect(lines.join('\n')).not.toContain(TOKEN);
});

test('the control worker tells lag, RPO, results, bytes and agents; and what the SDK tells', async () => {
  await eventually('the sync is through', async () => {
    const { lastSync, operation } = await system.status('watched');
    return lastSync && !operation ? true : undefined;
  });
  const text = await scrape(system.httpAddress);
  const target = '{relationship="watched",target="beta"}';
  expect(valueOf(text, `tidemark_lag_seconds${target}`)).toBeGreaterThanOrEqual(0);
  expect(valueOf(text, `tidemark_rpo_seconds${target}`)).toBe(3600);
  expect(valueOf(text, `tidemark_rpo_met${target}`)).toBe(1);
  expect(valueOf(text, 'tidemark_syncs_total{relationship="watched",result="succeeded"}')).toBe(1);
  expect(valueOf(text, 'tidemark_bytes_sent_total{relationship="watched"}')).toBeGreaterThan(4 * 1024 ** 2);
  expect(valueOf(text, 'tidemark_missed_ticks_total{relationship="watched"}')).toBe(0);
  expect(valueOf(text, 'tidemark_agent_seen{host="alpha"}')).toBe(1);
  expect(
    valueOf(text, 'tidemark_sync_duration_seconds_count{relationship="watched",result="succeeded"}'),
  ).toBe(1);
  expect(text).toContain('temporal_workflow_task_execution_latency');
});

test('an agent tells of itself and of its work for Temporal', async () => {
  const text = await scrape(agentMetrics);
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toMatch(/temporal_activity_execution_latency_count\{[^}]*activity_type="transfer"/);
});

test('without its token the control worker tells nothing but that it lives', async () => {
  expect((await fetch(`${system.httpAddress}/metrics`)).status).toBe(401);
  expect((await fetch(`${system.httpAddress}/v1/relationships`)).status).toBe(401);
  expect((await fetch(`${system.httpAddress}/healthz`)).status).toBe(200);
});

test('logs are one JSON line a step, with relationship, sync, host and attempt', async () => {
  const lines = await system.log('agent:alpha');
  expect(lines.find(({ step }) => step === 'transfer')).toMatchObject({
    host: 'alpha',
    relationship: 'watched',
    syncId: 'watched-000001',
    attempt: 1,
    workflowId: 'relationship/watched/sync/000001',
    msg: 'transfer done',
  });
  const control = await system.log('control');
  expect(control.find(({ step }) => step === 'recordSync')).toMatchObject({
    worker: 'control',
    syncId: 'watched-000001',
  });
});

test('no secret is in a log or in a history', async () => {
  const client = await system.client();
  const history = await client.workflow.getHandle('relationship/watched/sync/000001').fetchHistory();
  const payloads = [...JSON.stringify(history).matchAll(/"data":"([A-Za-z0-9+/=]+)"/g)]
    .map(([, base64 = '']) => Buffer.from(base64, 'base64').toString('utf8'))
    .join('\n');
  const logs = await Promise.all(
    (await readdir(join(system.folder, 'log'))).map((name) =>
      readFile(join(system.folder, 'log', name), 'utf8'),
    ),
  );
  for (const text of [payloads, ...logs]) {
    expect(text).not.toContain('PRIVATE KEY');
    expect(text).not.toContain(TOKEN);
  }
  expect(payloads).toContain('ssh-ed25519');
});
