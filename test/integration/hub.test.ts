/** A bucket in between: the source writes once, and each target fetches from it by itself; also when the source is lost. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerifyResult } from '../../src/api/messages';
import type { RelationshipInput } from '../../src/model/spec';
import { reservePorts } from '../support/hosts/ports';
import { watchArguments } from '../support/hosts/watch-arguments';
import { addRcloneToPath, KEYS, rclone, type Served, serveS3, writeConfig } from '../support/stores/rclone';
import { carryOut } from '../support/system/switching';
import { TestSystem } from '../support/system/system';
import { applyAndSync, syncNow, syncWell } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(180_000);

let folder: string;
let system: TestSystem;
let store: Served;
let port: number;
const at = (...names: string[]) => join(folder, ...names);

const spec = (): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('source') },
  through: { bucket: 'store:company/wiki', credentials: 'wiki', retain: { last: 2 } },
  targets: [
    { host: 'beta', directory: at('beta') },
    { host: 'gamma', directory: at('gamma') },
  ],
});

beforeAll(async () => {
  addRcloneToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-hub-'));
  [port = 0] = await reservePorts(1);
  store = await serveS3(at('served'), port);
  await writeConfig(at('credentials'), 'wiki', store.config);
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { alpha: { options }, beta: { options }, gamma: { options } } });
  await makeNastyTree(at('source'));
});
afterAll(async () => {
  await system?.stop();
  await store?.stop();
  await rm(folder, { recursive: true, force: true });
});

const fates = ({ targets }: { targets: readonly { name: string; result: string; failure?: unknown }[] }) =>
  Object.fromEntries(targets.map(({ name, result, failure }) => [name, failure ?? result]));

it('brings everything to each target by way of the bucket, which is written once', async () => {
  const record = await applyAndSync(system, 'wiki', spec());
  expect(fates(record)).toEqual({ bucket: 'succeeded', beta: 'succeeded', gamma: 'succeeded' });
  for (const reader of ['beta', 'gamma']) expect(await compareTrees(at('source'), at(reader))).toEqual([]);
  // All of them hold one state, of one moment.
  expect(new Set(record.targets.map(({ point }) => point?.capturedAt)).size).toBe(1);
});

it('shows the state at its own names, and nothing secret in Temporal, logs, notes or arguments', async () => {
  await writeFile(at('source', 'page'), 'for the edge');
  const watcher = watchArguments(KEYS.secret);
  await watcher.started;
  await syncWell(system, 'wiki');
  expect(await watcher.stop()).toEqual([]);
  const findIn = (text: string) =>
    spawnSync('grep', [
      '--recursive',
      '--files-with-matches',
      '--text',
      '--fixed-strings',
      text,
      system.folder,
    ]).stdout.toString();
  expect(findIn('store:company/wiki')).toContain('temporal.db');
  expect(findIn(KEYS.secret)).toBe('');
  expect(await rclone(folder, store.config, 'cat', 'store:company/wiki/page')).toBe('for the edge');
  for (const reader of ['beta', 'gamma'])
    expect(await readFile(at(reader, 'page'), 'utf8')).toBe('for the edge');
});

it('writes first when somebody asks for one target alone', async () => {
  await writeFile(at('source', 'page'), 'newer');
  const record = await syncNow(system, 'wiki', { targets: ['beta'] });
  expect(fates(record)).toEqual({ bucket: 'succeeded', beta: 'succeeded' });
  expect(await readFile(at('beta', 'page'), 'utf8')).toBe('newer');
  expect(await readFile(at('gamma', 'page'), 'utf8')).toBe('for the edge');
});

it('verifies what is in the bucket, and what a target has', async () => {
  for (const target of ['bucket', 'beta'])
    expect(await system.json<VerifyResult>('verify', 'wiki', '--target', target)).toMatchObject({
      equal: true,
    });
});

it('gives its targets what is in the bucket while the source is away', async () => {
  await writeFile(at('source', 'page'), 'before it went away');
  expect(fates(await syncNow(system, 'wiki', { targets: ['bucket'] }))).toEqual({ bucket: 'succeeded' });
  await system.kill('agent:alpha');
  const record = await syncNow(system, 'wiki', { scheduled: true, targets: ['beta', 'gamma'] });
  expect(fates(record)).toEqual({ beta: 'succeeded', gamma: 'succeeded' });
  expect(await readFile(at('gamma', 'page'), 'utf8')).toBe('before it went away');
  system.launch('agent:alpha');
});

it('says of a store that is away what it is, and goes on when it is back', async () => {
  await store.stop();
  await writeFile(at('source', 'page'), 'while away');
  const failed = await syncNow(system, 'wiki');
  expect(failed.targets.every(({ failure }) => failure?.type === 'HostUnreachable')).toBe(true);
  expect(await readFile(at('beta', 'page'), 'utf8')).toBe('before it went away');
  store = await serveS3(at('served'), port);
  await syncWell(system, 'wiki');
  expect(await readFile(at('gamma', 'page'), 'utf8')).toBe('while away');
});

it('is taken over by a target: that writes to the bucket from then on, and the others fetch what it wrote', async () => {
  await rename(at('source'), at('lost'));
  await carryOut(system, 'wiki', 'failover', { target: 'beta' });
  await writeFile(at('beta', 'page'), 'by the new primary');
  const record = await syncNow(system, 'wiki', { targets: ['gamma'] });
  expect(fates(record)).toEqual({ bucket: 'succeeded', gamma: 'succeeded' });
  expect(await readFile(at('gamma', 'page'), 'utf8')).toBe('by the new primary');
});

it('brings the old primary back by way of the bucket, and moves home', async () => {
  await rename(at('lost'), at('source'));
  await carryOut(system, 'wiki', 'reverse', { acceptDiverged: true });
  expect(await readFile(at('source', 'page'), 'utf8')).toBe('by the new primary');
  await carryOut(system, 'wiki', 'relocate', { target: 'alpha' });
  await writeFile(at('source', 'page'), 'home again');
  await syncWell(system, 'wiki');
  for (const reader of ['beta', 'gamma']) expect(await compareTrees(at('source'), at(reader))).toEqual([]);
});
