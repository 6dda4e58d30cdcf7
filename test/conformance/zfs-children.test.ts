/** Datasets with children: as one state where that is wanted, and left alone where it is not. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planStream } from '../../src/model/plan-stream';
import { MoverSchema } from '../../src/model/spec';
import { splitName } from '../../src/volumes/zfs/names';
import type { SnapshotStorage } from '../support/snapshot-storage';
import { SnapshotRig } from '../support/snapshot-rig';
import { makeZfsStorage, zfs } from '../support/zfs-storage';

const spec = MoverSchema.parse({ zfs: { recursive: true } });

let storage: SnapshotStorage;
let rig: SnapshotRig;
let root: string;
beforeAll(async () => {
  storage = await makeZfsStorage();
});
afterAll(() => storage.dispose());
beforeEach(async () => {
  rig = await SnapshotRig.make(storage);
  root = await storage.pathOf(rig.volume);
});
afterEach(() => rig.dispose());

async function write(content: string): Promise<void> {
  await writeFile(join(root, 'file'), content);
  await writeFile(join(root, 'mail', 'letter'), content);
}

async function read(): Promise<string[]> {
  const path = await storage.pathOf(rig.replica.volume);
  return [await readFile(join(path, 'file'), 'utf8'), await readFile(join(path, 'mail', 'letter'), 'utf8')];
}

describe('with recursive', () => {
  beforeEach(async () => {
    await zfs('create', `${rig.volume.path}/mail`);
    await write('1');
    await rig.sync({ spec });
  });

  it('goes on where only some of the datasets had arrived', async () => {
    await write('2');
    const situation = await rig.look(rig.replica);
    const capture = await rig.capture(rig.nextSyncId(), spec);
    const { own } = splitName(capture.path);
    const { path } = rig.replica.volume;
    const base = `${rig.volume.path}@tidemark_wiki_wiki-000001`;
    const results = await rig.target.pipe([
      ['zfs', 'send', '-i', base, capture.path],
      ['zfs', 'receive', path],
    ]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const plan = planStream(situation);
    for (const _again of [1, 2]) await rig.send(capture, plan, { spec });
    const point = await rig.publish(capture, plan);
    expect(await read()).toEqual(['2', '2']);
    expect(await zfs('list', '-H', '-o', 'name', `${path}/mail@${own}`)).toContain(own);
    const readable = await rig.pathOfPoint(point);
    expect(await readFile(join(readable, 'mail', 'letter'), 'utf8')).toBe('2');
  });

  it('heals by the ladder where a child lost the base, and goes back to older points with all children', async () => {
    await write('2');
    const { point } = await rig.sync({ spec });
    const lost = `${rig.replica.volume.path}/mail@tidemark_wiki_${point.syncId}`;
    await zfs('release', 'tidemark:wiki', lost);
    await zfs('destroy', lost);
    await zfs('rollback', `${rig.replica.volume.path}/mail@tidemark_wiki_wiki-000001`);
    await write('3');
    const situation = await rig.look(rig.replica);
    const capture = await rig.capture(rig.nextSyncId(), spec);
    const lostBase = planStream(situation);
    await expect(rig.send(capture, lostBase, { spec })).rejects.toMatchObject({ type: 'BaseLost' });
    const plan = planStream({ ...situation, excluded: [lostBase.base?.identity ?? ''] });
    expect(plan).toMatchObject({ how: 'incremental-from-older-base', into: 'side' });
    await rig.send(capture, plan, { spec });
    await rig.publish(capture, plan);
    expect(await read()).toEqual(['3', '3']);
    await write('4');
    expect((await rig.sync({ spec })).plan).toMatchObject({ how: 'incremental' });
    const third = (await rig.points()).at(-2);
    if (!third) throw new Error('points are missing');
    const rollback = { relationship: 'wiki', pointId: third.id };
    await storage.driver.rollback(rig.target, rig.replica.volume, rollback);
    expect(await read()).toEqual(['3', '3']);
    expect((await rig.points()).length).toBe(4);
  });
});

it('leaves children of the replica that no stream brought where they are', async () => {
  await writeFile(join(root, 'file'), '1');
  await rig.sync();
  const { volume } = rig.replica;
  await storage.force(
    volume,
    async () => void (await zfs('create', '-o', 'readonly=off', `${volume.path}/own`)),
  );
  const own = join(await storage.pathOf(volume), 'own', 'file');
  await writeFile(own, 'of the target');
  await storage.force(volume, async () => writeFile(join(await storage.pathOf(volume), 'file'), 'by hand'));
  await writeFile(join(root, 'file'), '2');
  expect((await rig.sync()).plan).toMatchObject({ into: 'side' });
  await storage.driver.promote(rig.target, volume, { relationship: 'wiki', epoch: 2, role: 'source' });
  expect(await readFile(own, 'utf8')).toBe('of the target');
  expect(await readFile(join(await storage.pathOf(volume), 'file'), 'utf8')).toBe('2');
});
