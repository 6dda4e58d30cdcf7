/** The life of a relationship between two btrfs subvolumes: real agents, real filesystems. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { SyncRecord } from '../../src/model/records';
import type { FailoverResult, RelocateResult, ReverseResult, VerifyResult } from '../../src/api/messages';
import { compareTrees } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { carryOut, untilStatus } from '../support/system/switching';
import { TestSystem } from '../support/system/system';
import { syncWell, writeDocument } from '../support/system/user';

const host = makeLocalHost({ name: 'test', home: tmpdir() });
const NAME = 'wiki';
const BIG = 8 * 1024 * 1024;

let system: TestSystem;
let filesystems: TestFilesystem[];
let [alpha, beta] = ['', ''];

beforeAll(async () => {
  system = await TestSystem.start();
  filesystems = await Promise.all([TestFilesystem.make('btrfs'), TestFilesystem.make('btrfs')]);
  [alpha = '', beta = ''] = filesystems.map(({ mountPoint }) => join(mountPoint, 'srv', NAME));
  await mkdir(join(alpha, '..'));
  await runChecked(host, ['btrfs', 'subvolume', 'create', alpha]);
  await runChecked(host, ['btrfs', 'subvolume', 'create', join(alpha, 'inner')]);
});
afterAll(async () => {
  await system.stop();
  for (const filesystem of filesystems) await filesystem.dispose();
});

const ok = async (...args: string[]) => {
  const ran = await system.cli(args);
  expect(ran).toMatchObject({ exitCode: 0 });
  return ran;
};
const expectEqual = async () =>
  expect(await compareTrees(alpha, beta, { subvolumeTimes: false })).toEqual([]);
const how = async () => {
  const [last] = await system.json<SyncRecord[]>('history', NAME, '--kind', 'sync');
  return last?.targets.map((target) => target.how);
};

it('replicates, verifies, restores, rehearses, switches, comes back, and moves, without sending anything twice', async () => {
  await makeNastyTree(alpha);
  await writeFile(join(alpha, 'inner/page'), 'first');
  await mkdir(join(alpha, 'inner/deep'));
  await runChecked(host, [
    'dd',
    'if=/dev/urandom',
    `of=${join(alpha, 'big')}`,
    `bs=${BIG}`,
    'count=1',
    'status=none',
  ]);
  await system.apply(
    writeDocument(NAME, {
      source: { host: 'alpha', btrfs: alpha },
      targets: [{ host: 'beta', btrfs: beta }],
      mover: { btrfs: { nested: true } },
      retain: { last: 3 },
    }),
  );
  await untilStatus(
    system,
    NAME,
    'the first sync is through',
    ({ lastSync }) => lastSync?.result === 'succeeded',
  );
  await expectEqual();
  for (const state of ['second', 'third']) {
    await writeFile(join(alpha, 'inner/page'), state);
    await syncWell(system, NAME);
    expect(await how()).toEqual(['incremental']);
    await expectEqual();
  }
  // In folders that did not change themselves: receiving leaves a time of its own in the root of each subvolume.
  await writeFile(join(alpha, 'inner/deep/new'), 'new');
  await syncWell(system, NAME);
  await expectEqual();
  const verified = JSON.parse((await ok('verify', NAME, '-o', 'json')).stdout) as VerifyResult;
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  expect(verified.leftOut).toMatchObject([{ reason: 'time', examples: ['inner'] }]);

  const points = await system.points(NAME);
  expect(points).toHaveLength(3);
  const restored = join(beta, '..', 'restored');
  await ok('restore', NAME, '--point', points.at(-1)?.id ?? '', '--to', `beta:${restored}`, '--yes');
  expect(await readFile(join(restored, 'inner/page'), 'utf8')).toBe('second');
  await ok('drill', NAME);

  await writeFile(join(alpha, 'late'), 'written after the last sync');
  await carryOut<FailoverResult>(system, NAME, 'failover');
  await appendFile(join(beta, 'inner/page'), ', then at beta');
  const back = await carryOut<ReverseResult>(system, NAME, 'reverse', { acceptDiverged: true });
  expect(back.diverged).toMatchObject({ diverged: true });
  expect(back.record.targets[0]?.stats?.bytesSent).toBeLessThan(BIG / 8);
  await expectEqual();
  expect(await readFile(join(alpha, 'inner/page'), 'utf8')).toBe('third, then at beta');

  await appendFile(join(beta, 'inner/page'), ', again');
  const moved = await carryOut<RelocateResult>(system, NAME, 'relocate');
  expect(moved.record.targets[0]?.stats?.bytesSent).toBeLessThan(BIG / 8);
  await appendFile(join(alpha, 'inner/page'), ', home');
  await syncWell(system, NAME);
  expect(await how()).toEqual(['incremental']);
  expect(await readFile(join(beta, 'inner/page'), 'utf8')).toBe('third, then at beta, again, home');
  await ok('delete', NAME, '--yes');
  await appendFile(join(beta, 'inner/page'), ', free');
});
