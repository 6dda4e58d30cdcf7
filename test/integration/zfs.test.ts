/** Datasets of ZFS through every operation: real processes, a real pool. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DrillOutcome } from '../../src/model/status';
import type { Price } from '../../src/model/price';
import type { FailoverResult, RelocateResult, ReverseResult } from '../../src/api/messages';
import { attempt, carryOut, update } from '../support/system/switching';
import { TestSystem } from '../support/system/system';
import { applyAndSync, approveAndSync, syncNow, syncWell } from '../support/system/user';
import { TestPool } from '../support/storage/zfs';

let system: TestSystem;
let pool: TestPool;

beforeAll(async () => {
  pool = await TestPool.make({ size: '512M' });
  system = await TestSystem.start();
});

afterAll(async () => {
  await system.end();
  // Before the homes of the agents, in which some of it is mounted.
  await pool.dispose();
  await system.stop();
});

/** A dataset at alpha, and where it goes at beta. */
async function setUp(name: string) {
  const [source, target] = [`alpha/${name}`, `beta/${name}`];
  await pool.zfs('create', '-p', pool.dataset(source));
  await pool.zfs('create', '-p', pool.dataset('beta'));
  const spec = {
    source: { host: 'alpha', zfs: pool.dataset(source) },
    targets: [{ host: 'beta', zfs: pool.dataset(target) }],
    retain: { last: 3 },
  };
  await writeFile(join(pool.folderOf(source), 'page'), 'first');
  return {
    spec,
    alpha: pool.folderOf(source),
    beta: pool.folderOf(target),
    datasets: { source: pool.dataset(source), target: pool.dataset(target) },
  };
}

it('carries a dataset through syncs, failover, reverse, relocation and a drill, and back', async () => {
  const { spec, alpha, beta } = await setUp('trip');
  const first = await applyAndSync(system, 'trip', spec);
  expect(first.targets).toMatchObject([{ result: 'succeeded', how: 'full' }]);
  await pool.zfs('create', `${spec.source.zfs}/below`);
  for (const version of ['second', 'third']) {
    await writeFile(join(alpha, 'page'), version);
    const record = await syncWell(system, 'trip');
    expect(record.targets).toMatchObject([{ how: 'incremental' }]);
  }
  expect(await readFile(join(beta, 'page'), 'utf8')).toBe('third');
  await expect(writeFile(join(beta, 'page'), 'x')).rejects.toThrow('EROFS');

  const verified = await system.cli(['verify', 'trip']);
  expect(verified).toMatchObject({ exitCode: 0 });
  expect(verified.stdout).toContain('below');
  const points = await system.points('trip');
  expect(points).toHaveLength(3);
  expect(points.filter(({ verified: at }) => at !== null)).toHaveLength(1);
  const restored = join(system.folder, 'restored');
  const oldest = points.at(-1)?.id ?? '';
  expect(
    await system.cli(['restore', 'trip', '--point', oldest, '--to', `beta:${restored}`, '--yes']),
  ).toMatchObject({
    exitCode: 0,
  });
  expect(await readFile(join(restored, 'page'), 'utf8')).toBe('first');

  const drilled = await carryOut<DrillOutcome>(system, 'trip', 'drill');
  expect(drilled).toMatchObject({ result: 'succeeded', how: 'Snapshot' });

  await writeFile(join(alpha, 'late'), 'written after the last sync');
  const price = await update<Price>(system, 'trip', 'price');
  expect(price).toMatchObject({ target: 'beta', objections: [] });
  expect(price.changed?.entries).toBeGreaterThan(0);
  const { takeover } = await carryOut<FailoverResult>(system, 'trip', 'failover');
  expect(takeover).toMatchObject({ target: 'beta', fenced: true });
  await writeFile(join(beta, 'page'), 'written at beta');
  await expect(writeFile(join(alpha, 'page'), 'x')).rejects.toThrow('EROFS');

  const refused = await attempt(system, 'trip', 'reverse');
  expect(refused.failure).toMatch(/^Diverged: both sides changed/);
  const back = await carryOut<ReverseResult>(system, 'trip', 'reverse', { acceptDiverged: true });
  expect(back.record.targets).toMatchObject([{ how: 'incremental-from-older-base' }]);
  expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('written at beta');
  const kept = join(system.folder, 'kept');
  const diverged = back.diverged?.id ?? '';
  expect(
    await system.cli(['restore', 'trip', '--point', diverged, '--to', `alpha:${kept}`, '--yes']),
  ).toMatchObject({
    exitCode: 0,
  });
  expect(await readFile(join(kept, 'late'), 'utf8')).toBe('written after the last sync');

  await appendFile(join(beta, 'page'), ', again');
  const moved = await carryOut<RelocateResult>(system, 'trip', 'relocate');
  expect(moved.record.result).toBe('succeeded');
  expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('written at beta, again');
  await writeFile(join(alpha, 'page'), 'home');
  await syncWell(system, 'trip');
  expect(await readFile(join(beta, 'page'), 'utf8')).toBe('home');
});

it('asks before it puts aside what somebody changed at a target, and then keeps it', async () => {
  const { spec, alpha, beta, datasets } = await setUp('changed');
  await applyAndSync(system, 'changed', spec);
  await pool.zfs('set', 'readonly=off', datasets.target);
  await writeFile(join(beta, 'page'), 'by hand');
  await writeFile(join(alpha, 'page'), 'second');
  const record = await syncNow(system, 'changed');
  expect(record.targets).toMatchObject([{ result: 'failed', failure: { type: 'Diverged' } }]);
  expect(record.targets[0]?.failure?.hint).toContain('tidemark approve changed');
  expect(await readFile(join(beta, 'page'), 'utf8')).toBe('by hand');
  const approved = await approveAndSync(system, 'changed');
  expect(approved.targets).toMatchObject([{ result: 'succeeded', how: 'incremental-from-older-base' }]);
  expect(await readFile(join(beta, 'page'), 'utf8')).toBe('second');
  const listed = await pool.zfs(
    'list',
    '-H',
    '-o',
    'name',
    '-t',
    'snapshot',
    '-r',
    pool.dataset('beta/.tidemark'),
  );
  expect(listed).toContain('aside-1@tidemark-kept-1');
});

it('takes over from another tool: what that has sent is the base, and nothing is sent again', async () => {
  const { spec, alpha, beta, datasets } = await setUp('taken');
  await writeFile(join(alpha, 'large'), Buffer.alloc(20_000_000, 'x'));
  await pool.zfs('snapshot', `${datasets.source}@sent`);
  await pool.copy(`${datasets.source}@sent`, datasets.target);
  await writeFile(join(alpha, 'page'), 'second');
  const taken = await applyAndSync(system, 'taken', spec);
  expect(taken.targets).toMatchObject([{ result: 'succeeded', how: 'incremental' }]);
  expect(taken.targets[0]?.stats?.bytesSent).toBeLessThan(2_000_000);
  expect(await readFile(join(beta, 'page'), 'utf8')).toBe('second');
});

it('carries children and properties, and leaves where it is mounted to the target', async () => {
  const { spec, beta, datasets } = await setUp('family');
  await pool.zfs('create', `${datasets.source}/mail`);
  await pool.zfs('set', 'compression=gzip', `${datasets.source}/mail`);
  await pool.zfs('set', 'com.example:owner=wiki team', datasets.source);
  const root = join(pool.mountPoint, 'elsewhere');
  await pool.zfs('set', `mountpoint=${root}`, datasets.source);
  await writeFile(join(root, 'mail', 'letter'), 'dear');
  const mover = { zfs: { recursive: true, properties: true } };
  const record = await applyAndSync(system, 'family', { ...spec, mover });
  expect(record.result).toBe('succeeded');
  expect(await readFile(join(beta, 'mail', 'letter'), 'utf8')).toBe('dear');
  const valueOf = async (property: string, dataset: string) =>
    (await pool.zfs('get', '-H', '-o', 'value', property, dataset)).trim();
  expect(await valueOf('compression', `${datasets.target}/mail`)).toBe('gzip');
  expect(await valueOf('com.example:owner', datasets.target)).toBe('wiki team');
  expect(await valueOf('mountpoint', datasets.target)).toBe(beta);
  await pool.zfs('create', `${datasets.source}/new`);
  await writeFile(join(root, 'new', 'page'), 'new');
  await writeFile(join(root, 'mail', 'letter'), 'dear all');
  const next = await syncWell(system, 'family');
  expect(next.targets).toMatchObject([{ how: 'incremental' }]);
  expect(await readFile(join(beta, 'mail', 'letter'), 'utf8')).toBe('dear all');
  expect(await readFile(join(beta, 'new', 'page'), 'utf8')).toBe('new');
  const [newest] = await system.points('family');
  const restored = join(system.folder, 'restored-family');
  const ran = await system.cli([
    'restore',
    'family',
    '--point',
    newest?.id ?? '',
    '--to',
    `beta:${restored}`,
    '--yes',
  ]);
  expect(ran).toMatchObject({ exitCode: 0 });
  expect(await readFile(join(restored, 'mail', 'letter'), 'utf8')).toBe('dear all');
});
