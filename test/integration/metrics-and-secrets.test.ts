/** What operators see of the workers, and that no secret is among it. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SyncRecord } from '../../src/model/records';
import type { RelationshipInput } from '../../src/model/spec';
import { reservePorts } from '../support/hosts/ports';
import { startPostgres, type TestPostgres } from '../support/system/postgres';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, syncAfter, syncNow, writeDocument, writeFiles } from '../support/system/user';

const exec = promisify(execFile);

jest.setTimeout(120_000);

const TOKEN = 'token-c0ffee-that-nobody-may-see';
const MiB = 1024 * 1024;
const PARTS = ['control', 'agent:alpha', 'agent:beta'] as const;

let system: TestSystem;
let postgres: TestPostgres;
let databaseUrl: string;
let agentMetrics: string;
/** Lines of the private keys that were there while bytes were moved. */
let keyLines: string[];
/** Command lines of every process of this machine at that time. */
let commandLines: string[];
let synced: SyncRecord;
let publicKeyLine: string;
/** The target accepted that key while the transfer ran: what is asked later is asked rightly. */
let acceptedMeanwhile: boolean;

const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
const asUser = { env: { TIDEMARK_TOKEN: TOKEN } };
const spec = (name: string, rest: Partial<RelationshipInput['spec']> = {}): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at(`${name}-source`) },
  targets: [{ host: 'beta', directory: at(`${name}-target`) }],
  ...rest,
});

/** Lines of private keys in files below a folder. */
async function findKeyLines(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map((file) => readFile(join(file.parentPath, file.name), 'latin1').catch(() => '')),
  );
  const keys = texts.filter((text) => text.includes('PRIVATE KEY'));
  // The first lines of all such keys are the same, and hold nothing.
  return keys.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line))
      .slice(1),
  );
}

/** The agent of the target has this key in a file of its own, as an open landing does. */
async function isAccepted(publicKey: string): Promise<boolean> {
  const home = system.agentHome('beta');
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((file) => readFile(join(file.parentPath, file.name), 'latin1').catch(() => '')),
  );
  return texts.some((text) => text.includes(publicKey));
}

async function readCommandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}

const secrets = () => [TOKEN, postgres.password, encodeURIComponent(postgres.password), ...keyLines];

function expectNoSecret(text: string, where: string): void {
  expect({ where, found: secrets().filter((secret) => text.includes(secret)) }).toEqual({ where, found: [] });
}

/** A slow sync, which a tick of the schedule falls into, and what is seen of it meanwhile. */
async function watchSlowSync(): Promise<void> {
  await mkdir(at('slow-source'), { recursive: true });
  await writeFile(at('slow-source', 'big'), randomBytes(8 * MiB));
  const rsync = { bandwidthLimit: '2MiB', compress: 'none' as const };
  await system.apply(
    writeDocument(
      'slow',
      spec('slow', { mover: { rsync }, trigger: { schedule: '0 3 1 1 *' }, objectives: { rpo: '1h' } }),
    ),
  );
  await eventually('the transfer is at work', async () => {
    commandLines = await readCommandLines();
    const isTransferring = commandLines.some(
      (line) => line.startsWith('rsync') && line.includes(at('slow-source')),
    );
    keyLines = await findKeyLines(system.agentHome('alpha'));
    return isTransferring && keyLines.length > 0 ? true : undefined;
  });
  const key = join(system.agentHome('alpha'), 'transfers', 'slow', 'beta', 'key');
  publicKeyLine = (await exec('ssh-keygen', ['-y', '-f', key])).stdout;
  acceptedMeanwhile = await isAccepted(publicKeyLine.split(' ')[1] ?? '');
  await (await system.client()).schedule.getHandle('slow').trigger();
  synced = await syncAfter(system, 'slow', 0);
}

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.makeDatabase();
  const [port] = await reservePorts(1);
  agentMetrics = `127.0.0.1:${port}`;
  system = await TestSystem.start({
    agents: { alpha: { options: ['--metrics', agentMetrics] }, beta: {} },
    control: { TIDEMARK_TOKEN: TOKEN, TIDEMARK_DATABASE_URL: databaseUrl },
  });
  await watchSlowSync();
  await writeFiles(at('lost-source'), { file: 'x' });
  await applyAndSync(system, 'lost', spec('lost'));
  await rm(at('lost-source'), { recursive: true });
  await syncNow(system, 'lost');
}, 180_000);
afterAll(async () => {
  await system.stop();
  await postgres.stop();
});

describe('the metrics of the control worker', () => {
  let text: string;
  /** The value of a series, or undefined where there is none. */
  const metric = (name: string, labels: Record<string, string> = {}): number | undefined => {
    const line = text
      .split('\n')
      .find(
        (each) =>
          each.startsWith(`${name}{`) &&
          Object.entries(labels).every(([key, value]) => each.includes(`${key}="${value}"`)),
      );
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };

  beforeAll(async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    text = await eventually('the missed tick is counted', async () => {
      const response = await fetch(`${system.httpAddress}/metrics`, { headers });
      expect(response.headers.get('content-type')).toContain('text/plain');
      const body = await response.text();
      return body.includes('tidemark_missed_ticks_total{relationship="slow"} 1') ? body : undefined;
    });
  });

  it('tell how old each copy is, and what is promised', () => {
    const slow = { relationship: 'slow', target: 'beta' };
    const age = (Date.now() - Date.parse(synced.capturedAt ?? '')) / 1000;
    expect(metric('tidemark_lag_seconds', slow)).toBeGreaterThan(0);
    expect(metric('tidemark_lag_seconds', slow)).toBeLessThanOrEqual(age);
    expect(metric('tidemark_rpo_seconds', slow)).toBe(3600);
    expect(metric('tidemark_rpo_met', slow)).toBe(1);
    expect(metric('tidemark_rpo_seconds', { relationship: 'lost' })).toBeUndefined();
  });

  it('count syncs by result, their durations, bytes and entries, and ticks that were missed', () => {
    expect(metric('tidemark_syncs_total', { relationship: 'slow', result: 'succeeded' })).toBe(1);
    expect(metric('tidemark_syncs_total', { relationship: 'slow', result: 'failed' })).toBe(0);
    expect(metric('tidemark_syncs_total', { relationship: 'lost', result: 'failed' })).toBeGreaterThan(0);
    expect(metric('tidemark_bytes_sent_total', { relationship: 'slow' })).toBeGreaterThan(8 * MiB);
    expect(metric('tidemark_files_changed_total', { relationship: 'slow' })).toBe(2);
    expect(
      metric('tidemark_sync_seconds_total', { relationship: 'slow', result: 'succeeded' }),
    ).toBeGreaterThan(1);
    expect(metric('tidemark_sync_duration_seconds_count', { result: 'succeeded' })).toBe(2);
    expect(metric('tidemark_missed_ticks_total', { relationship: 'slow' })).toBe(1);
    expect(metric('tidemark_missed_ticks_total', { relationship: 'lost' })).toBe(0);
  });

  it('tell which agents are seen, and that catalog and Temporal answer', () => {
    for (const host of ['alpha', 'beta']) {
      expect(metric('tidemark_agent_seen', { host })).toBe(1);
      expect(metric('tidemark_agent_last_seen_timestamp_seconds', { host })).toBeGreaterThan(1e9);
    }
    expect(text).toMatch(/^tidemark_catalog_up 1$/m);
    expect(text).toMatch(/^tidemark_temporal_up 1$/m);
  });

  it("hold the process's own, and those of Temporal's SDK", () => {
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).toMatch(/^temporal_workflow_completed\w*\{/m);
  });

  it('are told to nobody without the token', async () => {
    const { status } = await fetch(`${system.httpAddress}/metrics`);
    expect(status).toBe(401);
  });
});

describe('the metrics of an agent', () => {
  it("hold its process's own, and those of Temporal's SDK for its queue", async () => {
    const text = await (await fetch(`http://${agentMetrics}/metrics`)).text();
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).toMatch(/^temporal_\w+\{.*activity_type="transfer".*\}/m);
    expect(text).toContain('task_queue="host/alpha"');
  });
});

describe('logs', () => {
  it('are JSON alone, a line a step, that tells the relationship, the sync, the host and the attempt', async () => {
    const { syncId } = synced;
    const steps = new Map<string, Record<string, unknown>[]>();
    for (const part of PARTS) {
      const lines = await system.log(part);
      const text = await readFile(join(system.folder, 'log', `${part.replace(':', '-')}.log`), 'utf8');
      expect({
        part,
        others: text.split('\n').filter((line) => line !== '' && !line.startsWith('{')),
      }).toEqual({
        part,
        others: [],
      });
      steps.set(
        part,
        lines.filter((line) => line['syncId'] === syncId && line['step'] !== undefined),
      );
    }
    const told = { relationship: 'slow', syncId, attempt: 1 };
    for (const [part, host, step] of [
      ['agent:alpha', 'alpha', 'prepareSource'],
      ['agent:alpha', 'alpha', 'transfer'],
      ['agent:beta', 'beta', 'prepareTarget'],
      ['agent:beta', 'beta', 'receive'],
      ['agent:beta', 'beta', 'publish'],
    ] as const) {
      const found = steps.get(part)?.filter((line) => line['step'] === step);
      expect(found).toMatchObject([{ ...told, host, step, msg: `${step} done` }]);
    }
    expect(steps.get('control')?.filter(({ step }) => step === 'recordSync')).toMatchObject([told]);
  });

  it('say what failed and how it is classified', async () => {
    const failed = (await system.log('agent:alpha')).filter(({ relationship, level }) => {
      return relationship === 'lost' && Number(level) >= 40;
    });
    expect(failed[0]).toMatchObject({ step: 'prepareSource', host: 'alpha', type: 'VolumeMissing' });
  });
});

describe('secrets', () => {
  it('are nowhere in the arguments of any process while bytes are moved', () => {
    expect(commandLines.filter((line) => line.startsWith('ssh'))).not.toEqual([]);
    expectNoSecret(commandLines.join('\n'), 'arguments');
  });

  it('are nowhere in the logs', async () => {
    for (const part of PARTS) {
      const text = await readFile(join(system.folder, 'log', `${part.replace(':', '-')}.log`), 'utf8');
      expectNoSecret(text, `log of ${part}`);
    }
  });

  it("are nowhere in Temporal's histories", async () => {
    const client = await system.client();
    let histories = 0;
    for await (const { workflowId, runId } of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      const text = JSON.stringify(history, (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
      );
      // Buffers turn themselves into lists of numbers before a replacer sees them.
      const bytes = text.replaceAll(/\{"type":"Buffer","data":\[([\d,]*)\]\}/g, (_, numbers: string) =>
        Buffer.from(numbers.split(',').map(Number)).toString('latin1'),
      );
      expectNoSecret(bytes, workflowId);
      histories++;
    }
    expect(histories).toBeGreaterThanOrEqual(5);
  });

  it('open nothing once the sync is over: no landing of the target accepts its key', async () => {
    const folder = join(system.agentHome('alpha'), 'transfers', 'slow', 'beta');
    const [, publicKey = ''] = publicKeyLine.split(' ');
    expect(publicKey).toMatch(/^AAAA/);
    expect(acceptedMeanwhile).toBe(true);
    expect(await isAccepted(publicKey)).toBe(false);
    // What is left of it is for its agent's user alone.
    const names = await readdir(folder).catch(() => []);
    const modes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mode & 0o077));
    expect(names.filter((name, index) => !name.endsWith('.pub') && modes[index] !== 0)).toEqual([]);
  });

  it('are wanted of who asks the catalog, and the CLI brings the token', async () => {
    expect((await system.cli(['history', 'slow'], asUser)).exitCode).toBe(0);
    const ran = await system.cli(['history', 'slow']);
    expect(ran.exitCode).not.toBe(0);
    expect(ran.stderr).toContain('TIDEMARK_TOKEN');
  });
});
