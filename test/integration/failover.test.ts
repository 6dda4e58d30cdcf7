/** A primary is lost, another takes over, and the first one comes back: real hosts, real storage. */
import { execFile } from 'node:child_process';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Price } from '../../src/model/price';
import type { DrillOutcome } from '../../src/model/status';
import type { FailoverResult, RelocateResult, ReverseResult } from '../../src/api/messages';
import { compareTrees } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { attempt, carryOut, untilStatus, update } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { syncWell, writeDocument } from '../support/system/user';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});

afterAll(async () => {
  await system.stop();
});

/** A relationship on filesystems of one kind, its first sync through. */
async function setUp(kind: 'btrfs' | 'ext4', name: string) {
  const filesystem = await TestFilesystem.make(kind, { size: '512M' });
  const alpha = join(filesystem.mountPoint, 'alpha', name);
  const beta = join(filesystem.mountPoint, 'beta', name);
  if (kind === 'btrfs') {
    await mkdir(join(filesystem.mountPoint, 'alpha'));
    await promisify(execFile)('btrfs', ['subvolume', 'create', alpha]);
  } else await mkdir(alpha, { recursive: true });
  await writeFile(join(alpha, 'page'), 'first');
  const document = writeDocument(name, {
    source: { host: 'alpha', directory: alpha },
    targets: [{ host: 'beta', directory: beta }],
    retain: { last: 3 },
  });
  await system.apply(document);
  await untilStatus(
    system,
    name,
    'the first sync is through',
    ({ lastSync }) => lastSync?.result === 'succeeded',
  );
  return {
    alpha,
    beta,
    dispose: async () => {
      await system.retire(name);
      await filesystem.dispose();
    },
  };
}

describe.each(['btrfs', 'ext4'] as const)('on %s', (kind) => {
  it('fails over, keeps what the old primary alone has, reverses, and fails over home', async () => {
    const name = `trip-${kind}`;
    const { alpha, beta, dispose } = await setUp(kind, name);
    await makeNastyTree(alpha);
    await syncWell(system, name);
    await writeFile(join(alpha, 'late'), 'written after the last sync');

    const price = await update<Price>(system, name, 'price');
    expect(price).toMatchObject({ target: 'beta', objections: [], changed: { entries: 2 } });
    expect(price.changed?.examples).toContain('late');

    const { takeover, epoch } = await carryOut<FailoverResult>(system, name, 'failover');
    expect(epoch).toBe(2);
    expect(takeover).toMatchObject({ target: 'beta', from: 'alpha', fenced: true });
    expect(await system.status(name)).toMatchObject({ phase: 'FailedOver', direction: 'reversed', epoch: 2 });
    await writeFile(join(beta, 'page'), 'written at beta');

    // Both sides changed: nobody resolves that but a person.
    const refused = await attempt(system, name, 'reverse');
    expect(refused.failure).toMatch(/^Diverged: both sides changed/);
    expect(await readFile(join(alpha, 'late'), 'utf8')).toBe('written after the last sync');

    const back = await carryOut<ReverseResult>(system, name, 'reverse', { acceptDiverged: true });
    expect(back.diverged).toMatchObject({ diverged: true });
    expect(await compareTrees(beta, alpha)).toEqual([]);
    expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('written at beta');
    const points = await system.points(name);
    expect(points).toContainEqual(
      expect.objectContaining({ id: back.diverged?.id, target: 'alpha', keptBecause: ['diverged'] }),
    );
    const restored = join(alpha, '..', 'restored');
    const ran = await system.cli([
      'restore',
      name,
      '--point',
      back.diverged?.id ?? '',
      '--to',
      `alpha:${restored}`,
      '--yes',
    ]);
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(restored, 'late'), 'utf8')).toBe('written after the last sync');

    await appendFile(join(beta, 'page'), ', again');
    await syncWell(system, name);
    await carryOut<FailoverResult>(system, name, 'failover');
    expect(await system.status(name)).toMatchObject({ direction: 'forward', epoch: 3 });
    expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('written at beta, again');
    await carryOut(system, name, 'reverse', { acceptDiverged: true });
    await writeFile(join(alpha, 'page'), 'home');
    await syncWell(system, name);
    expect(await readFile(join(beta, 'page'), 'utf8')).toBe('home');
    await dispose();
  });

  it('relocates without losing a byte, and replicates the other way', async () => {
    const name = `move-${kind}`;
    const { alpha, beta, dispose } = await setUp(kind, name);
    await writeFile(join(alpha, 'page'), 'written just before');
    const moved = await carryOut<RelocateResult>(system, name, 'relocate');
    expect(moved.record.result).toBe('succeeded');
    expect(moved.diverged).toBeUndefined();
    const points = await system.points(name);
    const last = points.find(({ id, target }) => id === moved.takeover.pointId && target === 'beta');
    expect(Date.parse(last?.verified ?? '')).toBeGreaterThan(0);
    expect(await readFile(join(beta, 'page'), 'utf8')).toBe('written just before');
    expect(await system.status(name)).toMatchObject({ phase: 'Idle', direction: 'reversed', epoch: 2 });
    await writeFile(join(beta, 'page'), 'now from beta');
    await syncWell(system, name);
    expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('now from beta');
    await dispose();
  });

  it('drills on a clone, and leaves the recovery point and replication alone', async () => {
    const name = `drill-${kind}`;
    const { beta, dispose } = await setUp(kind, name);
    const outcome = await carryOut<DrillOutcome>(system, name, 'drill');
    expect(outcome).toMatchObject({ result: 'succeeded', how: kind === 'btrfs' ? 'Snapshot' : 'Copy' });
    // Without hooks, nothing was measured that a recovery would take.
    expect(outcome.rtoSeconds).toBeNull();
    expect(await readFile(join(beta, 'page'), 'utf8')).toBe('first');
    await eventually('the drill is remembered', async () => (await system.status(name)).lastDrill);
    await dispose();
  });

  it('goes on at the target though the host of the source is dead, and fences it when it returns', async () => {
    const name = `dead-${kind}`;
    const { alpha, beta, dispose } = await setUp(kind, name);
    await system.kill('agent:alpha');
    try {
      const { takeover } = await carryOut<FailoverResult>(system, name, 'failover');
      expect(takeover).toMatchObject({ fenced: false });
      expect(takeover.fencing).toContain('no agent answers');
      await writeFile(join(beta, 'page'), 'life goes on');
    } finally {
      system.launch('agent:alpha');
    }
    await untilStatus(system, name, 'the old primary is fenced', ({ takeover }) => takeover?.fenced === true);
    await carryOut(system, name, 'reverse');
    expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('life goes on');
    await dispose();
  });
});

it('goes on though the disk of the source is gone, and its agent is not', async () => {
  const { alpha, beta, dispose } = await setUp('ext4', 'half-dead');
  await rename(alpha, `${alpha}-gone`);
  const { takeover } = await carryOut<FailoverResult>(system, 'half-dead', 'failover');
  expect(takeover).toMatchObject({ fenced: false });
  await writeFile(join(beta, 'page'), 'on beta');
  await rename(`${alpha}-gone`, alpha);
  await carryOut(system, 'half-dead', 'reverse');
  expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('on beta');
  await dispose();
});
