/** The middle of a chain of streams, A → B → C: each link goes on as if the other were not there. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Point, Volume } from '../../src/model/records';
import { MoverSchema } from '../../src/model/spec';
import { makeBtrfsStorage } from '../support/storage/btrfs-storage';
import { SnapshotRig, type Sent } from '../support/rigs/snapshot-rig';
import type { SnapshotStorage } from '../support/storage/snapshot-storage';
import { makeZfsStorage, zfs } from '../support/storage/zfs-storage';
import { sample } from '../support/sample';

const ROUNDS = 3;
const LARGE = 400_000;

const KINDS = [
  ['ZFS datasets', makeZfsStorage, MoverSchema.parse({ zfs: {} }), undefined],
  [
    'ZFS datasets with children',
    makeZfsStorage,
    MoverSchema.parse({ zfs: { recursive: true } }),
    async ({ path }: Volume) => void (await zfs('create', `${path}/inner`)),
  ],
  ['btrfs subvolumes', makeBtrfsStorage, MoverSchema.parse({ btrfs: {} }), undefined],
] as const;

describe.each(sample(KINDS, 1))('a chain of %s', (_title, makeStorage, spec, addInner) => {
  let storage: SnapshotStorage;
  let first: SnapshotRig;
  let second: SnapshotRig | undefined;
  beforeAll(async () => {
    storage = await makeStorage();
  });
  afterAll(() => storage.dispose());
  beforeEach(async () => {
    second = undefined;
    first = await SnapshotRig.make(storage);
    await addInner?.(first.volume);
    await mkdir(join(await storage.pathOf(first.volume), 'inner'), { recursive: true });
    await writeFile(
      join(await storage.pathOf(first.volume), 'large'),
      Buffer.alloc(LARGE, Math.random().toString()),
    );
  });
  afterEach(async () => {
    await second?.dispose();
    await first.dispose();
  });

  const write = async (content: string) => {
    const root = await storage.pathOf(first.volume);
    await writeFile(join(root, 'page'), content);
    await writeFile(join(root, 'inner', 'page'), content);
  };
  const read = async (point: Point, rig: SnapshotRig) => {
    const path = await rig.pathOfPoint(point);
    return [await readFile(join(path, 'page'), 'utf8'), await readFile(join(path, 'inner', 'page'), 'utf8')];
  };
  const keepOne = async (rig: SnapshotRig) => {
    await rig.release((await rig.points()).at(-1)?.syncId ?? '');
    const removePointIds = (await rig.points()).slice(0, -1).map(({ id }) => id);
    await storage.driver.prune(rig.target, rig.replica.volume, {
      relationship: rig.relationship,
      removePointIds,
    });
  };
  const goOn = async (content: string): Promise<[Sent, Sent]> => {
    await write(content);
    const one = await first.sync({ spec });
    second ??= await SnapshotRig.make(storage, undefined, {
      relationship: 'onwards',
      volume: first.replica.volume,
    });
    const two = await second.sync({ spec });
    expect(await read(one.point, first)).toEqual([content, content]);
    expect(await read(two.point, second)).toEqual([content, content]);
    for (const rig of [first, second]) {
      expect(await rig.divergence()).toBeUndefined();
      await keepOne(rig);
    }
    return [one, two];
  };

  it('sends increments over both links, and nothing piles up; guards and a failover in the middle work', async () => {
    await goOn('0');
    const counts: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const sent = await goOn(`${round}`);
      expect(sent.map(({ plan }) => plan.how)).toEqual(['incremental', 'incremental']);
      counts.push(await storage.count());
    }
    expect(counts.at(-1)).toBe(counts[1]);
    if (!second) throw new Error('no second link');

    // The first link brought nothing new.
    const again = await second.sync({ spec });
    expect(again.stats.bytesSent).toBeLessThan(LARGE);
    await keepOne(second);
    expect(await storage.count()).toBe(counts[1]);
    expect(await read(again.point, second)).toEqual([`${ROUNDS}`, `${ROUNDS}`]);

    const { volume } = first.replica;
    await storage.driver.promote(first.target, volume, { relationship: 'wiki', epoch: 2, role: 'source' });
    await writeFile(join(await storage.pathOf(volume), 'page'), 'primary');
    const { point } = await second.sync({ spec });
    expect(await read(point, second)).toEqual(['primary', `${ROUNDS}`]);
    await rm(join(await storage.pathOf(volume), 'inner', 'page'));
    await rm(join(await storage.pathOf(volume), 'page'));
    await expect(second.sync({ spec, maxDeletes: '10%' })).rejects.toMatchObject({
      type: 'ApprovalRequired',
    });
  });
});
