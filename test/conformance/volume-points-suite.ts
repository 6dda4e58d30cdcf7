/** Recovery points: what they hold, which there are, and what `Direct` keeps in place of them. */
import { link, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../../src/hosts/run-checked';
import type { PointMethod } from '../../src/model/records';
import type { PointStamp } from '../../src/volumes/contract';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { writeInPlace } from '../support/trees/damage';
import { describeEntries, listPoint } from '../support/trees/list-point';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { makeStamp, type OpenStage, seePoint, TARGET, type VolumeFixture } from './volume-fixture';

export function describeRefusedPoint({ driver }: VolumeFixture, stage: OpenStage, method: PointMethod): void {
  it(`refuses to freeze by ${method}, and has no point then`, async () => {
    const { host, volume, folder } = stage;
    await driver.claim(host, volume, TARGET);
    await writeFile(join(folder, 'file'), 'x');
    const refused = driver.publish(host, volume, {
      relationship: 'wiki',
      stamp: makeStamp(1),
      method,
    });
    await expect(refused).rejects.toMatchObject({ type: 'UnsupportedCapture' });
    expect(await driver.points(host, volume, 'wiki')).toEqual([]);
  });
}

export function describeDirectPoint(fixture: VolumeFixture, stage: OpenStage): void {
  const { driver } = fixture;
  it('keeps by Direct one point alone, the live replica', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, TARGET);
    for (const sequence of [1, 2]) {
      const stamp = makeStamp(sequence);
      const request = { relationship: 'wiki', stamp, method: 'Direct' } as const;
      const point = await driver.publish(host, volume, request);
      expect(await driver.points(host, volume, 'wiki')).toEqual([point]);
      expect(await seePoint(fixture, stage, 'wiki', stamp.id)).toBe(stage.folder);
    }
  });
}

export function describeReplicaAsPoint({ driver }: VolumeFixture, stage: OpenStage): void {
  it('is by Direct its own point: nothing to go back to, and nothing to clone', async () => {
    const { host, volume, folder } = stage;
    await driver.claim(host, volume, TARGET);
    const request = {
      relationship: 'wiki',
      stamp: makeStamp(1),
      method: 'Direct',
    } as const;
    const { id: pointId } = await driver.publish(host, volume, request);
    await writeFile(join(folder, 'file'), 'x');
    await driver.rollback(host, volume, { relationship: 'wiki', pointId });
    await stat(join(folder, 'file'));
    const none = { relationship: 'wiki', pointId: 'never-was' };
    await expect(driver.rollback(host, volume, none)).rejects.toMatchObject({ type: 'PointMissing' });
    const clone = driver.clone(host, volume, { relationship: 'wiki', pointId, cloneId: 'drill-1' });
    await expect(clone).rejects.toMatchObject({
      type: 'UnsupportedCapture',
      details: { hint: expect.stringContaining('use copyMethod') as unknown },
    });
    await driver.removeClones(host, volume, { relationship: 'wiki', keepCloneIds: [] });
  });
}

export function describePoints(fixture: VolumeFixture, stage: OpenStage, method: PointMethod): void {
  const { driver } = fixture;
  const publish = (sequence: number, changes: Partial<PointStamp> = {}) =>
    driver.publish(stage.host, stage.volume, {
      relationship: 'wiki',
      stamp: makeStamp(sequence, changes),
      method,
    });
  const pathOf = (pointId: string) => seePoint(fixture, stage, 'wiki', pointId);
  const idsLeft = async () => (await driver.points(stage.host, stage.volume, 'wiki')).map(({ id }) => id);
  const prune = (...removePointIds: string[]) =>
    driver.prune(stage.host, stage.volume, { relationship: 'wiki', removePointIds });

  describe(`points by ${method}`, () => {
    beforeEach(() => driver.claim(stage.host, stage.volume, TARGET));

    it('hold everything, and no write to the replica ever reaches them', async () => {
      const { folder } = stage;
      await makeNastyTree(folder);
      const first = await publish(1);
      const firstPath = await pathOf(first.id);
      expect(await compareTrees(folder, firstPath, { sparseness: true })).toEqual([]);
      const before = await describeTree(firstPath);
      await writeFile(join(folder, 'new file'), 'new');
      const second = await publish(2);
      expect(second.identity).not.toBe(first.identity);
      const secondPath = await pathOf(second.id);
      expect(await compareTrees(folder, secondPath, { sparseness: true })).toEqual([]);
      const after = await describeTree(secondPath);
      await writeInPlace(folder);
      const third = await publish(3);
      expect(await compareTrees(folder, await pathOf(third.id), { sparseness: true })).toEqual([]);
      expect(await describeTree(firstPath)).toEqual(before);
      expect(await describeTree(secondPath)).toEqual(after);
    });

    it('tell what they hold, every name of it, and nothing that lies elsewhere', async () => {
      const { host, volume, folder } = stage;
      await makeNastyTree(folder);
      await symlink('/etc', join(folder, 'away'));
      const point = await publish(1);
      const expected = await describeEntries(folder);
      await writeFile(join(folder, 'new file'), 'new');
      const at = { host, volume, driver };
      expect(await listPoint(at, point)).toEqual(expected);
      const inLinks = [...expected.keys()].filter((path) => /^links(\/[^/]+)?$/.test(path));
      const links = await listPoint(at, point, { folder: 'links', deep: false });
      expect([...links.keys()].toSorted()).toEqual(inLinks.toSorted());
      for (const path of ['away/passwd', 'content/x', 'no such'])
        expect((await listPoint(at, point, { folder: path })).size).toBe(0);
      expect([...(await listPoint(at, undefined)).keys()]).toContain('new file');
    });

    it('are as before where two names of a file have become two files', async () => {
      const { folder } = stage;
      const [one, two] = [join(folder, 'one'), join(folder, 'two')];
      await writeFile(one, 'the same\n');
      await link(one, two);
      await publish(1);
      await unlink(two);
      await runChecked(stage.host, ['cp', '-p', '--', one, two]);
      const point = await publish(2);
      expect(await compareTrees(folder, await pathOf(point.id))).toEqual([]);
    });

    it('are answered again where one is published twice', async () => {
      await writeFile(join(stage.folder, 'file'), 'first');
      const point = await publish(1);
      await writeFile(join(stage.folder, 'file'), 'second');
      expect(await publish(1)).toEqual(point);
      expect(await driver.points(stage.host, stage.volume, 'wiki')).toEqual([point]);
      expect(await stat(join(await pathOf(point.id), 'file'))).toMatchObject({ size: 5 });
    });

    it('share their state where nothing is known to have been written, and are readable each', async () => {
      await writeFile(join(stage.folder, 'file'), 'x');
      const first = await publish(1);
      const second = await publish(2);
      // Who can't tell what was written freezes anew.
      if (driver.listWritten) expect(second.identity).toBe(first.identity);
      await prune(first.id);
      expect(await idsLeft()).toEqual([second.id]);
      expect(await compareTrees(stage.folder, await pathOf(second.id))).toEqual([]);
    });

    it('are frozen anew where a sync in between may have written to the replica', async () => {
      await writeFile(join(stage.folder, 'file'), 'x');
      await publish(1);
      await writeFile(join(stage.folder, 'file'), 'written by the second, which failed');
      const third = await publish(3);
      expect(await compareTrees(stage.folder, await pathOf(third.id))).toEqual([]);
    });

    it('are in the order of their syncs, whatever the clock said', async () => {
      await publish(1, { id: 'z-late-clock', capturedAt: '2030-01-01T00:00:00.000Z' });
      await publish(2, { id: 'a-early-clock', capturedAt: '2020-01-01T00:00:00.000Z' });
      expect(await idsLeft()).toEqual(['z-late-clock', 'a-early-clock']);
    });

    it('are pruned as asked, and no other', async () => {
      for (const sequence of [1, 2, 3, 4]) {
        await writeFile(join(stage.folder, 'file'), `${sequence}`);
        await publish(sequence);
      }
      const before = await describeTree(await pathOf('point-000004'));
      await prune('point-000001', 'point-000003', 'never-was');
      await prune('point-000001', 'point-000003');
      expect(await idsLeft()).toEqual(['point-000002', 'point-000004']);
      await expect(pathOf('point-000003')).rejects.toMatchObject({ type: 'PointMissing' });
      expect(await describeTree(await pathOf('point-000004'))).toEqual(before);
    });

    it('remember what they lack, and when they were verified', async () => {
      const leftOut = [{ reason: 'mount' as const, count: 2, examples: ['a', 'b'] }];
      const point = await publish(1, { leftOut });
      expect(point.leftOut).toEqual(leftOut);
      const at = '2026-11-21T09:00:00.000Z';
      await driver.markVerified(stage.host, stage.volume, 'wiki', point.id, at);
      expect(await driver.points(stage.host, stage.volume, 'wiki')).toEqual([{ ...point, verifiedAt: at }]);
    });

    it('outlive their relationship, and belong to it alone', async () => {
      await writeFile(join(stage.folder, 'file'), 'x');
      await publish(1);
      await driver.disclaim(stage.host, stage.volume, 'wiki');
      expect(await driver.points(stage.host, stage.volume, 'other')).toEqual([]);
      expect(await idsLeft()).toEqual(['point-000001']);
    });
  });
}
