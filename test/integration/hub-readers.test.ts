/** Targets that fetch from a bucket: each in its own time, and nobody waits for the slowest. */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipStatus } from '../../src/model/status';
import { reservePorts } from '../support/hosts/ports';
import { type FaultyProxy, startFaultyProxy } from '../support/stores/faulty-proxy';
import { addRcloneToPath, type Served, serveS3, writeConfig } from '../support/stores/rclone';
import { awaitEnd, carryOut, start, update } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, syncNow, writeFiles } from '../support/system/user';

jest.setTimeout(60_000);

let folder: string;
let system: TestSystem;
let store: Served;
/** Between the store and the host with the slow line. */
let line: FaultyProxy;
const at = (...names: string[]) => join(folder, ...names);

const spec = (): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('source') },
  through: { bucket: 'store:company/wiki', credentials: 'wiki', retain: { last: 3 } },
  targets: [
    { host: 'beta', directory: at('beta') },
    { host: 'gamma', directory: at('gamma') },
    { host: 'gamma', directory: at('second'), name: 'second' },
  ],
});

beforeAll(async () => {
  addRcloneToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-hub-readers-'));
  const [port = 0, slow = 0] = await reservePorts(2);
  store = await serveS3(at('served'), port);
  line = await startFaultyProxy(port, slow);
  await writeConfig(at('near'), 'wiki', store.config);
  await writeConfig(at('far'), 'wiki', store.config.replaceAll(String(port), String(slow)));
  const near = { options: ['--credentials', at('near')] };
  const far = { options: ['--credentials', at('far')] };
  system = await TestSystem.start({ agents: { alpha: near, beta: near, gamma: far } });
  await writeFiles(at('source'), { page: 'first', other: 'never changed' });
});
afterAll(async () => {
  await system?.stop();
  await line?.stop();
  await store?.stop();
  await rm(folder, { recursive: true, force: true });
});

const page = (copy: string) => readFile(at(copy, 'page'), 'utf8');
const fates = ({ targets }: { targets: readonly { name: string; result: string; failure?: unknown }[] }) =>
  Object.fromEntries(targets.map(({ name, result, failure }) => [name, failure ?? result]));

async function status(): Promise<RelationshipStatus> {
  return (await system.json<{ status: RelationshipStatus }>('describe', 'wiki')).status;
}
const untilFetching = (...names: string[]) =>
  eventually(
    `${names.join(', ') || 'nobody'} fetches`,
    async () => {
      const { fetches = [] } = await status();
      const found = fetches.flatMap(({ targets }) => targets);
      return found.toSorted().join() === names.join() || undefined;
    },
    20_000,
  );

/** Contents come no further than to the slow line, until it is told to go on. */
function hold(): () => void {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  line.onRequest = (method, path) => (method === 'GET' && /\/page(\?|$)/.test(path) ? { until } : undefined);
  return () => {
    line.onRequest = () => undefined;
    release();
  };
}

/** Brings something new to the bucket, and has the slow host begin to fetch it. */
async function beginFetching(text: string): Promise<() => void> {
  const release = hold();
  await writeFile(at('source', 'page'), text);
  await syncNow(system, 'wiki', { targets: ['bucket'] });
  await update(system, 'wiki', 'sync', { scheduled: true, targets: ['gamma'] });
  await untilFetching('gamma');
  return release;
}

it('brings two targets of one host up to date from one copy of what is in the bucket', async () => {
  const record = await applyAndSync(system, 'wiki', spec());
  expect(fates(record)).toEqual({
    ...{ bucket: 'succeeded', beta: 'succeeded', gamma: 'succeeded', second: 'succeeded' },
  });
  for (const copy of ['beta', 'gamma', 'second']) expect(await page(copy)).toBe('first');
});

it('goes on writing, and fetching for others, while one target still fetches; and counts its ticks as skipped', async () => {
  const release = await beginFetching('second');
  await writeFile(at('source', 'page'), 'third');
  expect(fates(await syncNow(system, 'wiki', { targets: ['bucket'] }))).toEqual({ bucket: 'succeeded' });
  const fetched = await syncNow(system, 'wiki', { scheduled: true, targets: ['beta'] });
  expect(fates(fetched)).toEqual({ beta: 'succeeded' });
  expect(await page('beta')).toBe('third');
  // It has one copy of the bucket for both of its targets.
  for (const busy of ['gamma', 'second']) {
    const tick = await update<{ skipped?: string }>(system, 'wiki', 'sync', {
      ...{ scheduled: true, targets: [busy] },
    });
    expect(tick.skipped).toBe('sync is running');
  }
  const { stdout } = await system.cli(['describe', 'wiki']);
  expect(stdout).toMatch(/Running +gamma fetching since/);
  release();
  await untilFetching();
  expect(['second', 'third']).toContain(await page('gamma'));
});

it('writes first where somebody asks for all, and goes on while the slow one fetches that', async () => {
  const release = hold();
  await writeFile(at('source', 'page'), 'fourth');
  const asked = await start(system, 'wiki', 'sync', {});
  await untilFetching('gamma', 'second');
  expect(await page('beta')).toBe('fourth');
  await writeFile(at('source', 'page'), 'fifth');
  await syncNow(system, 'wiki', { targets: ['bucket'] });
  const later = await syncNow(system, 'wiki', { scheduled: true, targets: ['beta'] });
  expect(await page('beta')).toBe('fifth');
  release();
  expect(await awaitEnd(system, asked)).toMatchObject({ result: { result: 'succeeded' } });
  await untilFetching();
  // What the longer sync says of it in the end is older than what it has.
  const beta = (await status()).targets.find(({ name }) => name === 'beta');
  expect(beta?.recoveryPoint).toBe(later.targets[0]?.point?.id);
  expect(await page('gamma')).toBe('fourth');
});

it('has a sync that is asked for wait for the target that it is for, and others pass it', async () => {
  const release = await beginFetching('sixth');
  const asked = update<{ workflowId: string }>(system, 'wiki', 'sync', { targets: ['gamma'] });
  expect(fates(await syncNow(system, 'wiki', { targets: ['bucket'] }))).toEqual({ bucket: 'succeeded' });
  await writeFile(at('source', 'page'), 'seventh');
  release();
  const { workflowId } = await asked;
  expect(await awaitEnd(system, workflowId)).toMatchObject({ result: { result: 'succeeded' } });
  expect(await page('gamma')).toBe('seventh');
});

it('is cancelled like any other operation', async () => {
  const release = await beginFetching('eighth');
  const { exitCode } = await system.cli(['cancel', 'wiki']);
  expect(exitCode).toBe(0);
  await untilFetching();
  expect(await page('gamma')).toBe('seventh');
  release();
});

it('does not keep a failover waiting', async () => {
  const release = await beginFetching('ninth');
  await syncNow(system, 'wiki', { scheduled: true, targets: ['beta'] });
  await rename(at('source'), at('lost'));
  await carryOut(system, 'wiki', 'failover', { target: 'beta' });
  expect(await page('beta')).toBe('ninth');
  release();
  await writeFile(at('beta', 'page'), 'by the new primary');
  expect(fates(await syncNow(system, 'wiki', { targets: ['gamma', 'second'] }))).toMatchObject({
    ...{ gamma: 'succeeded', second: 'succeeded' },
  });
  expect(await page('second')).toBe('by the new primary');
});
