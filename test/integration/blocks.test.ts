/** Devices and image files through every operation: real processes, real loop devices, a real XFS. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FailoverResult, ReverseResult } from '../../src/api/messages';
import type { Price } from '../../src/model/price';
import { BlockStorage, MiB } from '../support/storage/block-storage';
import { attempt, carryOut, update } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, approveAndSync, syncNow, syncWell, writeDocument } from '../support/system/user';

const SIZE = 24 * MiB;

let system: TestSystem;
/** Image files that share their blocks. */
let xfs: BlockStorage;
let plain: BlockStorage;

beforeAll(async () => {
  system = await TestSystem.start();
  xfs = await BlockStorage.make('xfs');
  plain = await BlockStorage.make();
});
afterAll(async () => {
  await system.stop();
  await xfs.dispose();
  await plain.dispose();
});

const sumOf = (path: string) => BlockStorage.sum(path, SIZE);

const docOf = (source: string, target: string, more: object = {}) => ({
  source: { host: 'alpha', block: source },
  targets: [{ host: 'beta', block: target }],
  retain: { last: 5 },
  ...more,
});

async function expectEqual(one: string, other: string): Promise<void> {
  expect(await sumOf(other)).toBe(await sumOf(one));
}

it('a device goes to an image file, is verified, fails over to it, and comes back', async () => {
  const { path: device } = await plain.device(SIZE);
  const image = join(await xfs.path('made'), 'db.img');
  await BlockStorage.scribble(device, 0, 12);
  const first = await applyAndSync(system, 'db', docOf(device, image));
  expect(first).toMatchObject({ targets: [{ result: 'succeeded', how: 'full' }] });
  await expectEqual(device, image);
  await BlockStorage.scribble(device, 20, 1);
  const second = await syncWell(system, 'db');
  expect(second.targets).toMatchObject([{ how: 'incremental', stats: { bytesChanged: MiB } }]);
  expect(await system.cli(['verify', 'db'])).toMatchObject({ exitCode: 0 });

  // A bit that flips in a recovery point is found; the next one is whole.
  const images = join(dirname(image), '.tidemark/db.img/db/images');
  for (const name of await readdir(images)) await BlockStorage.flipBit(join(images, name), 5 * MiB);
  const damaged = await system.cli(['verify', 'db']);
  expect(damaged.exitCode).not.toBe(0);
  expect(damaged.stdout + damaged.stderr).toContain(`bytes 0 to ${16 * MiB - 1}`);
  await syncWell(system, 'db');
  expect(await system.cli(['verify', 'db'])).toMatchObject({ exitCode: 0 });

  const points = await system.points('db');
  const restored = await system.cli([
    'restore',
    'db',
    '--point',
    points[0]?.id ?? '',
    '--to',
    'beta:/tmp/no',
    '--yes',
  ]);
  expect(restored.stderr).toMatch(/can't be restored into a directory/);

  const price = await update<Price>(system, 'db', 'price', {});
  expect(price).toMatchObject({ changed: { entries: 0, bytes: 0 } });
  await carryOut<FailoverResult>(system, 'db', 'failover');
  await expectEqual(device, image);
  // The old primary is fenced: nobody writes to it.
  await expect(BlockStorage.scribble(device, 0, 1)).rejects.toThrow();
  await BlockStorage.scribble(image, 3, 2);
  const { record, diverged } = await carryOut<ReverseResult>(system, 'db', 'reverse');
  expect(diverged).toBeUndefined();
  expect(record.targets).toMatchObject([{ stats: { bytesChanged: 2 * MiB } }]);
  await expectEqual(image, device);
  expect(await system.cli(['verify', 'db'])).toMatchObject({ exitCode: 0 });
});

it('what a device had for itself is given up in words alone', async () => {
  const [{ path: one }, { path: other }] = [await plain.device(SIZE), await plain.device(SIZE)];
  await BlockStorage.scribble(one, 0, 12);
  await applyAndSync(system, 'pair', docOf(one, other));
  await BlockStorage.scribble(one, 1, 1);
  await carryOut<FailoverResult>(system, 'pair', 'failover');
  await BlockStorage.scribble(other, 2, 1);
  const before = await sumOf(one);
  const refused = await attempt(system, 'pair', 'reverse');
  expect(refused.failure).toMatch(/Diverged.*can keep no second state/);
  expect(await sumOf(one)).toBe(before);
  await carryOut<ReverseResult>(system, 'pair', 'reverse', { acceptDiverged: true });
  await expectEqual(other, one);
});

it('an image file goes back to an older point at a failover', async () => {
  const [{ path: source }, target] = [await xfs.image(SIZE), join(await xfs.path('older'), 'db.img')];
  await BlockStorage.scribble(source, 0, 4);
  const more = { source: { host: 'alpha', block: source, copyMethod: 'Auto' as const } };
  await applyAndSync(system, 'older', { ...docOf(source, target), ...more });
  const first = await sumOf(source);
  await BlockStorage.scribble(source, 2, 4);
  await syncWell(system, 'older');
  const points = await system.points('older');
  expect(points).toHaveLength(2);
  const pointId = points.map(({ id }) => id).sort()[0];
  await carryOut<FailoverResult>(system, 'older', 'failover', { pointId, force: true, acceptLoss: true });
  expect(await sumOf(target)).toBe(first);
});

it('a transfer that was killed goes on by itself, and a target that it writes to is no copy meanwhile', async () => {
  const [{ path: one }, { path: other }] = [await plain.device(SIZE), await plain.device(SIZE)];
  await BlockStorage.scribble(one, 0, 24);
  const slow = { mover: { block: { bandwidthLimit: '4MiB' } } };
  await applyAndSync(system, 'killed', docOf(one, other, slow));
  await BlockStorage.scribble(one, 0, 24);
  const before = await sumOf(other);
  const syncing = syncNow(system, 'killed');
  await eventually('some of it has arrived', async () =>
    (await sumOf(other)) === before ? undefined : true,
  );
  await system.kill('agent:alpha');
  const price = await update<Price>(system, 'killed', 'price', {});
  expect(price.objections.join()).toContain('not whole');
  system.launch('agent:alpha');
  const record = await syncing;
  expect(record.result === 'succeeded' || (await syncNow(system, 'killed')).result === 'succeeded').toBe(
    true,
  );
  await expectEqual(one, other);
});

it('a device that is too small, holds the data of others, or is in use is refused, and is left as it was', async () => {
  const { path: source } = await plain.device(SIZE);
  const { path: small } = await plain.device(SIZE - MiB);
  await BlockStorage.scribble(source, 0, 2);
  const refused = await applyAndSync(system, 'small', docOf(source, small));
  expect(refused.targets).toMatchObject([{ result: 'failed', failure: { type: 'TargetFull' } }]);
  expect(refused.targets[0]?.failure?.message).toMatch(
    /\(24117248 bytes\), and the source is .*\(25165824 bytes\)/,
  );
  expect(await BlockStorage.sum(small, MiB)).toBe(await BlockStorage.sum('/dev/zero', MiB));

  const { path: taken } = await plain.device(2 * SIZE);
  await BlockStorage.scribble(taken, 47, 1);
  const before = await BlockStorage.sum(taken, 2 * SIZE);
  const foreign = await applyAndSync(system, 'taken', docOf(source, taken));
  expect(foreign.targets).toMatchObject([{ failure: { type: 'ApprovalRequired' } }]);
  expect(await BlockStorage.sum(taken, 2 * SIZE)).toBe(before);
  const approved = await approveAndSync(system, 'taken');
  expect(approved.targets).toMatchObject([
    { result: 'succeeded', warning: expect.stringContaining('longer than what is copied') as unknown },
  ]);
  await expectEqual(source, taken);

  const { path: backing } = await plain.image(SIZE);
  await plain.attach(backing);
  const inUse = await system.cli(['apply', '-f', '-'], {
    stdin: writeDocument('used', docOf(source, backing)),
  });
  expect(inUse.exitCode).not.toBe(0);
  expect(inUse.stdout + inUse.stderr).toMatch(/is in use: attached to \/dev\/loop/);
});
