/** What a running system tells to those who watch it; and that it tells no secret. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import { reservePorts } from '../support/hosts/ports';
import { readPages, ROOT } from '../support/markdown';
import { readDashboard, TestPrometheus } from '../support/system/prometheus';
import { carryOut, start, untilStatus, update } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, writeDocument, writeFiles } from '../support/system/user';

const TOKEN = 'a-token-that-nobody-is-to-see';

/** What this system has no reason to tell of; unit tests tell it. */
const NOT_HERE = /^tidemark_(notices_|notify_|relationship_schedule_stopped$)/;

let system: TestSystem;
let agentMetrics: string;
let prometheus: TestPrometheus;
/** Since then there has been everything that metrics tell of. */
let stirred: Promise<unknown>;

type Spec = RelationshipInput['spec'];

const spec = (name: string, more: Partial<Spec> = {}): Spec => ({
  source: { host: 'alpha', directory: join(system.folder, name, 'source') },
  targets: [{ host: 'beta', directory: join(system.folder, name, 'target') }],
  objectives: { rpo: '1h' },
  ...more,
});

/** Of each thing that can happen to a relationship, one. */
async function stir(): Promise<void> {
  const begin = async (name: string, more: Partial<Spec> = {}) => {
    await writeFiles(join(system.folder, name, 'source'), { file: 'x' });
    await applyAndSync(system, name, spec(name, more));
  };
  const drill = async () => {
    await begin('drilled', { hooks: { probeDrill: [{ run: ['true'] }] } });
    await update(system, 'drilled', 'scheduleDrill', { cron: '0 3 * * 0' });
    await carryOut(system, 'drilled', 'drill');
  };
  const move = async () => {
    await begin('moved', { trigger: { schedule: '0 3 * * *' }, objectives: {} });
    await carryOut(system, 'moved', 'failover');
  };
  const ask = async () => {
    await begin('asking', { approval: 'two' });
    await start(system, 'asking', 'failover');
    await untilStatus(system, 'asking', 'it asks', ({ phase }) => phase === 'WaitingForApproval');
  };
  await Promise.all([drill(), move(), ask()]);
}

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
    agents: {
      alpha: { options: ['--metrics', `127.0.0.1:${port}`] },
      beta: { options: ['--allow-hooks', '/usr/bin'] },
    },
    controlOptions: ['--metric-labels', 'tier,example.net/team'],
  });
  const jobs = { 'tidemark-control': system.httpAddress, 'tidemark-agent': agentMetrics };
  prometheus = await TestPrometheus.start(system, jobs, TOKEN);
  await mkdir(join(system.folder, 'watched', 'source'), { recursive: true });
  await writeFile(join(system.folder, 'watched', 'source', 'big'), randomBytes(4 * 1024 ** 2));
  const watched = spec('watched', { mover: { rsync: { bandwidthLimit: '1MiB' } } });
  await system.apply(writeDocument('watched', watched, { tier: 'gold' }));
  stirred = stir();
  stirred.catch(() => undefined);
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
  expect(valueOf(text, 'tidemark_sync_duration_seconds_count{result="succeeded"}')).toBeGreaterThanOrEqual(1);
  const labels = '{relationship="watched",label_tier="gold",label_example_net_team=""}';
  expect(valueOf(text, `tidemark_relationship_labels${labels}`)).toBe(1);
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
  expect(
    lines.find(({ step, relationship }) => step === 'transfer' && relationship === 'watched'),
  ).toMatchObject({
    host: 'alpha',
    relationship: 'watched',
    syncId: 'watched-000001',
    attempt: 1,
    workflowId: 'relationship/watched/sync/000001',
    msg: 'transfer done',
  });
  const control = await system.log('control');
  expect(
    control.find(({ step, relationship }) => step === 'recordSync' && relationship === 'watched'),
  ).toMatchObject({
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

describe('Prometheus', () => {
  const page = readPages().find(({ path }) => path === 'docs/metrics.md');
  const documented = page?.code.flatMap(({ text }) => text.match(/^tidemark_[a-z_]+$/g) ?? []);

  beforeAll(async () => {
    await stirred;
    // Two scrapes more, and rules judged by them.
    await new Promise((done) => setTimeout(done, 2500));
  }, 120_000);

  it.each(['control worker', 'agent'])('has no objection to what the %s tells', async (worker) => {
    const input = await scrape(worker === 'agent' ? agentMetrics : system.httpAddress);
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
      ...{ input, encoding: 'utf8' },
    });
    const objections = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    // Of Node's and the SDK's own there is one or other; 1 is what can't be read at all.
    expect(objections.filter((line) => !/^(nodejs|process|temporal)_/.test(line))).toEqual([]);
    expect(status).not.toBe(1);
  });

  it('sees every metric that is documented, and no other', async () => {
    const seen = (await prometheus.names()).filter((name) => name.startsWith('tidemark_'));
    const names = new Set(seen.map((name) => name.replace(/^(tidemark_sync_duration_seconds)_\w+$/, '$1')));
    expect([...names].filter((name) => !documented?.includes(name))).toEqual([]);
    const missing = documented?.filter((name) => !names.has(name) && !NOT_HERE.test(name));
    expect(missing).toEqual([]);
  });

  it('takes the rules, each of which asks for what there is', async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    const names = await prometheus.names();
    const asked = new Set(rules.flatMap(({ query }) => query.match(/\b(tidemark_[a-z_]+|up)\b/g) ?? []));
    expect([...asked].filter((name) => !names.includes(name) && !NOT_HERE.test(name))).toEqual([]);
    const recorded = rules.filter(({ type }) => type === 'recording');
    for (const { name } of recorded)
      expect([name, await prometheus.countSeries(name)]).not.toEqual([name, 0]);
  });

  it('answers what the documentation asks', async () => {
    const queries = page?.blocks.filter(({ language }) => language === 'promql').map((block) => block.text);
    expect(queries).toHaveLength(1);
    for (const query of queries ?? []) expect(await prometheus.countSeries(query)).toBeGreaterThan(0);
  });

  const folder = join(ROOT, 'deploy', 'grafana', 'dashboards');
  it.each(readdirSync(folder))('has something to show for every panel of %s', async (file) => {
    // One that had a transfer to be watched, and one that had a drill.
    const count = async (relationship: string) => {
      const queries = readDashboard(join(folder, file), { relationship, host: 'alpha' });
      return await Promise.all(queries.map(async ({ query }) => prometheus.countSeries(query)));
    };
    const [watched, drilled] = await Promise.all([count('watched'), count('drilled')]);
    const queries = readDashboard(join(folder, file), {});
    expect(queries.length).toBeGreaterThan(8);
    const counts = queries.map((each, index) => ({
      ...each,
      series: (watched[index] ?? 0) + (drilled[index] ?? 0),
    }));
    expect(counts.filter(({ series }) => series === 0)).toEqual([]);
  });
});
