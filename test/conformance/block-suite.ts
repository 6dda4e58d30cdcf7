/** What a device and an image file promise as volumes, on each kind of storage. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import type { PointMethod, Volume } from '../../src/model/records';
import { blockDriver } from '../../src/volumes/block';
import { BlockStorage, MiB } from '../support/storage/block-storage';
import type { FilesystemKind } from '../support/storage/filesystems';
import { pointPath } from '../support/trees/point-path';
import { type Content, makeStamp, SOURCE, type OpenStage, TARGET } from './volume-fixture';
import { describeSwitch } from './volume-switch-suite';
import { describeClaims } from './volume-suite';

const ALL_POINTS: PointMethod[] = ['Snapshot', 'Clone', 'HardLink', 'Direct'];

const SIZE = 4 * MiB;

/** Of bytes that have no names. */
const BYTES: Content = {
  fill: (path) => BlockStorage.scribble(path, 0, 3),
  async write(path) {
    const file = await open(path, 'r+');
    try {
      await file.write(randomBytes(MiB), 0, MiB, MiB);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  refusal: 'EPERM',
  describe: (path) => BlockStorage.sum(path, SIZE),
};

/** A kind of storage, and what can be done there. */
export interface BlockFixture {
  title: string;
  filesystem?: FilesystemKind;
  isDevice: boolean;
  sharesBlocks: boolean;
  /** The host that it is on, named `alpha`; left out, this machine. */
  makeHost?: (home: string) => Promise<Host>;
  /** Claims and changes of role are left out: they are the same decisions, wherever it is. */
  contentOnly?: boolean;
}

export function describeBlocks(fixture: BlockFixture): void {
  const { title, filesystem, isDevice, sharesBlocks, contentOnly = false } = fixture;
  const stage = {} as OpenStage;
  const driver = blockDriver;
  const offered: ('Clone' | 'Direct')[] = sharesBlocks ? ['Clone', 'Direct'] : ['Direct'];
  let storage: BlockStorage;

  const publish = (sequence: number, method: PointMethod) =>
    driver.publish(stage.host, stage.volume, { relationship: 'wiki', stamp: makeStamp(sequence), method });
  const pathOf = (pointId: string) => pointPath(driver, stage.host, stage.volume, 'wiki', pointId);
  const sumOf = (path: string) => BlockStorage.sum(path, SIZE);
  const capture = (syncId: string, method: 'Clone' | 'Direct' | 'Snapshot') =>
    driver.capture(stage.host, stage.volume, { relationship: 'wiki', syncId, method });

  describe(title, () => {
    beforeAll(async () => {
      storage = await BlockStorage.make(filesystem);
    });
    beforeEach(async () => {
      const home = await mkdtemp(join(tmpdir(), 'tidemark-home-'));
      stage.host = (await fixture.makeHost?.(home)) ?? makeLocalHost({ name: 'alpha', home });
      const { kind, path }: Volume = isDevice ? await storage.device(SIZE) : await storage.image(SIZE);
      stage.volume = { kind, path };
      stage.folder = stage.volume.path;
    });
    afterEach(async () => {
      await storage.detachAll();
      await rm(stage.host.home, { recursive: true, force: true });
    });
    afterAll(() => storage.dispose());

    it('offers what it can do, and says why it does not offer the rest', async () => {
      const inspection = await driver.inspect(stage.host, stage.volume);
      expect(inspection).toMatchObject({ exists: true, empty: true, capture: offered, points: offered });
      expect(inspection.fixedBytes).toBe(isDevice ? SIZE : undefined);
      const missing = ALL_POINTS.filter((method) => !offered.some((each) => each === method));
      expect(Object.keys(inspection.whyNot).sort()).toEqual(missing.sort());
      for (const why of Object.values(inspection.whyNot)) expect(why).toMatch(/use copyMethod \w+/);
    });

    it('is empty as long as it holds but zeros, and tells what it takes and how long it is', async () => {
      const { host, volume } = stage;
      expect(await driver.size(host, volume)).toEqual({ fileBytes: SIZE, entries: 1 });
      const diskBytes = isDevice ? SIZE : 0;
      expect(await driver.diskUse(host, volume)).toEqual({ diskBytes, hasHardLinks: false });
      await BlockStorage.scribble(volume.path, 2, 1);
      expect(await driver.inspect(host, volume)).toMatchObject({ empty: false });
      expect((await driver.diskUse(host, volume)).diskBytes).toBe(isDevice ? SIZE : MiB);
    });

    if (!contentOnly) describeClaims(driver, stage);
    if (!contentOnly)
      describeSwitch(
        {
          ...{ driver, canBeReadOnly: isDevice, points: offered, content: BYTES },
          nameMissing: (volume) => ({ ...volume, path: `${volume.path}-none` }),
        },
        stage,
      );

    it('captures by Direct what is live', async () => {
      await driver.claim(stage.host, stage.volume, SOURCE);
      const { path } = stage.volume;
      const expected = { syncId: 'wiki-1', method: 'Direct', live: true, path };
      expect(await capture('wiki-1', 'Direct')).toEqual(expected);
    });

    it.each(sharesBlocks ? (['Snapshot'] as const) : (['Snapshot', 'Clone'] as const))(
      'refuses to capture or keep by %s, and names what works',
      async (method) => {
        const refused = {
          type: 'UnsupportedCapture',
          details: { hint: expect.stringContaining('use copyMethod') as unknown },
        };
        await driver.claim(stage.host, stage.volume, TARGET);
        await expect(capture('wiki-1', method)).rejects.toMatchObject(refused);
        await expect(publish(1, method)).rejects.toMatchObject(refused);
        expect(await driver.points(stage.host, stage.volume, 'wiki')).toEqual([]);
      },
    );

    it('keeps by Direct one point alone, the live replica: nothing to go back to, and nothing to clone', async () => {
      const { host, volume } = stage;
      await driver.claim(host, volume, TARGET);
      for (const sequence of [1, 2]) {
        const point = await publish(sequence, 'Direct');
        expect(await publish(sequence, 'Direct')).toEqual(point);
        expect(await driver.points(host, volume, 'wiki')).toEqual([point]);
        expect(await pathOf(point.id)).toBe(volume.path);
      }
      await BYTES.write(volume.path);
      const before = await sumOf(volume.path);
      const pointId = 'point-000002';
      await driver.rollback(host, volume, { relationship: 'wiki', pointId });
      expect(await sumOf(volume.path)).toBe(before);
      const none = { relationship: 'wiki', pointId: 'never-was' };
      await expect(driver.rollback(host, volume, none)).rejects.toMatchObject({ type: 'PointMissing' });
      const cloned = driver.clone(host, volume, { relationship: 'wiki', pointId, cloneId: 'drill-1' });
      await expect(cloned).rejects.toMatchObject({
        type: 'UnsupportedCapture',
        details: { hint: expect.stringContaining('use copyMethod') as unknown },
      });
      await driver.removeClones(host, volume, { relationship: 'wiki', keepCloneIds: [] });
    });

    it('tells that somebody wrote to it since its newest point', async () => {
      const { host, volume } = stage;
      await BYTES.fill(volume.path);
      await driver.claim(host, volume, TARGET);
      await publish(1, 'Direct');
      const ask = () => driver.wasWritten?.(host, volume, { relationship: 'wiki', landings: [] });
      expect(await ask()).toBe(false);
      await BYTES.write(volume.path);
      expect(await ask()).toBe(true);
    });

    it('remembers when a point was verified', async () => {
      const { host, volume } = stage;
      await driver.claim(host, volume, TARGET);
      const point = await publish(1, 'Direct');
      const at = '2026-11-21T09:00:00.000Z';
      await driver.markVerified(host, volume, 'wiki', point.id, at);
      expect(await driver.points(host, volume, 'wiki')).toEqual([{ ...point, verifiedAt: at }]);
      await driver.markVerified(host, volume, 'wiki', point.id, null);
      expect(await driver.points(host, volume, 'wiki')).toEqual([point]);
    });

    if (!isDevice) describeImages(stage, () => storage);
    if (sharesBlocks) describeClones(stage, { publish, pathOf, sumOf, capture });
  });
}

function describeImages(stage: OpenStage, storage: () => BlockStorage): void {
  it('is made for a target where nothing is, with its folder, for nobody else to read', async () => {
    const volume: Volume = { kind: 'block', path: `${await storage().path('new')}/folder/db.img` };
    await blockDriver.check(stage.host, volume, TARGET);
    await expect(stat(volume.path)).rejects.toThrow('ENOENT');
    await expect(blockDriver.claim(stage.host, volume, SOURCE)).rejects.toMatchObject({
      type: 'VolumeMissing',
    });
    await blockDriver.claim(stage.host, volume, TARGET);
    expect(await stat(volume.path)).toMatchObject({ size: 0, mode: 0o100600 });
  });

  it('that was replaced by another, with what is beside it, is noticed', async () => {
    const { host, volume } = stage;
    await blockDriver.claim(host, volume, TARGET);
    await rm(join(volume.path, '../.tidemark'), { recursive: true });
    await expect(blockDriver.check(host, volume, TARGET)).rejects.toMatchObject({ type: 'NotMounted' });
    await blockDriver.claim(host, volume, TARGET, { approved: true });
    await blockDriver.check(host, volume, TARGET);
  });
}

interface Work {
  publish: (sequence: number, method: PointMethod) => Promise<{ id: string; identity: string }>;
  pathOf: (pointId: string) => Promise<string>;
  sumOf: (path: string) => Promise<string>;
  capture: (syncId: string, method: 'Clone') => Promise<{ path: string }>;
}

function describeClones(stage: OpenStage, { publish, pathOf, sumOf, capture }: Work): void {
  const driver = blockDriver;
  const write = () => BYTES.write(stage.volume.path);

  it('captures by Clone everything, and freezes it while the source goes on', async () => {
    const { host, volume } = stage;
    await BYTES.fill(volume.path);
    await driver.claim(host, volume, SOURCE);
    const captured = await capture('wiki-1', 'Clone');
    const before = await sumOf(volume.path);
    expect(await sumOf(captured.path)).toBe(before);
    await write();
    expect(await capture('wiki-1', 'Clone')).toEqual(captured);
    expect(await sumOf(captured.path)).toBe(before);
    const [two, three] = [await capture('wiki-2', 'Clone'), await capture('wiki-3', 'Clone')];
    await driver.release(host, volume, { relationship: 'wiki', keepSyncIds: ['wiki-2'] });
    await stat(two.path);
    for (const { path } of [captured, three]) await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  describe('points by Clone', () => {
    beforeEach(async () => {
      await BYTES.fill(stage.volume.path);
      await driver.claim(stage.host, stage.volume, TARGET);
    });
    const left = async () => (await driver.points(stage.host, stage.volume, 'wiki')).map(({ id }) => id);

    it('hold everything, and no write to the replica ever reaches them', async () => {
      const sums: string[] = [];
      const points = [];
      for (const sequence of [1, 2, 3]) {
        await write();
        sums.push(await sumOf(stage.volume.path));
        points.push(await publish(sequence, 'Clone'));
      }
      expect(new Set(sums).size).toBe(3);
      for (const [index, { id }] of points.entries()) expect(await sumOf(await pathOf(id))).toBe(sums[index]);
    });

    it('are pruned as asked, and no other, and belong to their relationship alone', async () => {
      const { host, volume } = stage;
      for (const sequence of [1, 2, 3]) await publish(sequence, 'Clone');
      const removePointIds = ['point-000002', 'never-was'];
      for (const _again of [1, 2]) await driver.prune(host, volume, { relationship: 'wiki', removePointIds });
      expect(await left()).toEqual(['point-000001', 'point-000003']);
      await expect(pathOf('point-000002')).rejects.toMatchObject({ type: 'PointMissing' });
      await driver.disclaim(host, volume, 'wiki');
      expect(await driver.points(host, volume, 'other')).toEqual([]);
      expect(await left()).toEqual(['point-000001', 'point-000003']);
    });

    it('are gone back to, without a change to any of them', async () => {
      const { host, volume } = stage;
      const { id: pointId } = await publish(1, 'Clone');
      const before = await sumOf(volume.path);
      await write();
      const { id: second } = await publish(2, 'Clone');
      const after = await sumOf(volume.path);
      for (const _again of [1, 2]) await driver.rollback(host, volume, { relationship: 'wiki', pointId });
      expect(await sumOf(volume.path)).toBe(before);
      await write();
      expect(await sumOf(await pathOf(pointId))).toBe(before);
      expect(await sumOf(await pathOf(second))).toBe(after);
      expect(await left()).toEqual([pointId, second]);
    });

    it('are cloned for a drill, which may write to its copy', async () => {
      const { host, volume } = stage;
      const { id: pointId } = await publish(1, 'Clone');
      const before = await sumOf(await pathOf(pointId));
      const request = { relationship: 'wiki', pointId, cloneId: 'drill-1' };
      const { path, how } = await driver.clone(host, volume, request);
      expect(how).toBe('Clone');
      expect(await driver.clone(host, volume, request)).toEqual({ path, how });
      expect(await sumOf(path)).toBe(before);
      await BYTES.write(path);
      expect(await sumOf(await pathOf(pointId))).toBe(before);
      await driver.removeClones(host, volume, { relationship: 'wiki', keepCloneIds: ['drill-1'] });
      await readFile(path);
      await driver.removeClones(host, volume, { relationship: 'wiki', keepCloneIds: [] });
      await expect(stat(path)).rejects.toThrow('ENOENT');
    });
  });
}
