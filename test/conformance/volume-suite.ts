/** The promises of the volume contract, for every kind of volume. */
import { link, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { CaptureMethod, PointMethod } from '../../src/model/records';
import { defaultMover } from '../../src/model/spec';
import type { PointStamp, VolumeDriver } from '../../src/volumes/contract';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { writeInPlace } from '../support/trees/damage';
import {
  makeStamp,
  type OpenStage,
  see,
  seePoint,
  SOURCE,
  type Stage,
  TARGET,
  type VolumeFixture,
} from './volume-fixture';
import { describeSwitch } from './volume-switch-suite';
import { describeTrees } from './volume-trees-suite';

const MiB = 1024 ** 2;
const ALL_CAPTURES: CaptureMethod[] = ['Snapshot', 'Clone', 'Direct'];
const ALL_POINTS: PointMethod[] = ['Snapshot', 'Clone', 'HardLink', 'Direct'];

export function describeVolume(fixture: VolumeFixture): void {
  const { driver } = fixture;
  const stage = {} as OpenStage;

  describe(fixture.title, () => {
    beforeEach(async () => {
      const home = await mkdtemp(join(tmpdir(), 'tidemark-home-'));
      stage.host = (await fixture.makeHost?.(home)) ?? makeLocalHost({ name: 'alpha', home });
      stage.volume = await fixture.makeVolume();
      stage.folder = await see(fixture, stage.volume.path);
    });
    afterEach(async () => {
      await rm(stage.host.home, { recursive: true, force: true });
      await fixture.afterEach?.();
    });
    afterAll(() => fixture.afterAll?.());

    it('offers what its storage can do, and says why it does not offer the rest', async () => {
      const inspection = await driver.inspect(stage.host, stage.volume);
      expect(inspection).toMatchObject({ exists: true, empty: true });
      expect(inspection.capture).toEqual(fixture.capture);
      expect(inspection.points).toEqual(fixture.points);
      const missing = ALL_POINTS.filter((method) => !fixture.points.includes(method));
      expect(Object.keys(inspection.whyNot).sort()).toEqual([...missing].sort());
      for (const why of Object.values(inspection.whyNot)) expect(why).toMatch(/use copyMethod \w+/);
    });

    it('tells what the live volume takes on disk, a file of several names once, and whether there is one', async () => {
      const { host, volume, folder } = stage;
      const ask = () => driver.diskUse(host, volume);
      const before = await ask();
      expect(before.hasHardLinks).toBe(false);
      const file = join(folder, 'file');
      await writeFile(file, Buffer.alloc(MiB, 'x'));
      await runChecked(host, ['sync', '-f', '--', folder]);
      const { diskBytes } = await ask();
      expect(diskBytes - before.diskBytes).toBeGreaterThanOrEqual(MiB);
      await link(file, join(folder, 'link'));
      const linked = await ask();
      expect(linked.hasHardLinks).toBe(true);
      expect(linked.diskBytes - diskBytes).toBeLessThan(MiB / 2);
      await symlink('nowhere', join(folder, 'symlink'));
      await rm(join(folder, 'link'));
      expect((await ask()).hasHardLinks).toBe(false);
    });

    if (!fixture.contentOnly) {
      describeClaims(driver, stage);
      describeSwitch(fixture, stage);
    }
    for (const method of ALL_CAPTURES) describeCapture(fixture, stage, method);
    for (const method of ALL_POINTS) {
      if (!fixture.points.includes(method)) describeRefusedPoint(fixture, stage, method);
      else if (method === 'Direct') {
        describeDirectPoint(fixture, stage);
        describeReplicaAsPoint(fixture, stage);
      } else {
        describePoints(fixture, stage, method);
        describeTrees(fixture, stage, method);
      }
    }
  });
}

/** The rules of claims, for every kind of volume. */
export function describeClaims(driver: VolumeDriver, stage: Stage): void {
  it('keeps a claim with the data, which can be repeated', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, TARGET);
    await driver.claim(host, volume, TARGET);
    await driver.check(host, volume, TARGET);
    expect((await driver.inspect(host, volume)).claim).toEqual(TARGET);
  });

  it('checks without storing anything', async () => {
    const { host, volume } = stage;
    await driver.check(host, volume, TARGET);
    expect((await driver.inspect(host, volume)).claim).toBeUndefined();
  });

  it('refuses an epoch that is over, and takes a newer one, also with the other role', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, { ...TARGET, epoch: 2 });
    await expect(driver.check(host, volume, TARGET)).rejects.toMatchObject({ type: 'Fenced' });
    await expect(driver.claim(host, volume, TARGET)).rejects.toMatchObject({ type: 'Fenced' });
    await driver.claim(host, volume, { ...SOURCE, epoch: 3 });
    await expect(driver.check(host, volume, { ...TARGET, epoch: 2 })).rejects.toMatchObject({
      type: 'Fenced',
    });
  });

  it('refuses to be source and target of one relationship', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, SOURCE);
    await expect(driver.claim(host, volume, TARGET)).rejects.toMatchObject({ type: 'Fenced' });
  });

  it('is the target of one relationship only, and may be copied on by others', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, TARGET);
    await driver.claim(host, volume, { ...SOURCE, relationship: 'onwards' });
    await driver.claim(host, volume, { ...SOURCE, relationship: 'elsewhere' });
    await driver.claim(host, volume, TARGET);
    const second = { ...TARGET, relationship: 'second' };
    await expect(driver.claim(host, volume, second)).rejects.toMatchObject({ type: 'Fenced' });
  });

  it('never becomes a target while it is the source of another relationship', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, SOURCE);
    const other = { ...TARGET, relationship: 'other' };
    await expect(driver.claim(host, volume, other)).rejects.toMatchObject({ type: 'Fenced' });
  });

  it('is free again once its relationship is forgotten, which can be repeated', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, TARGET);
    await driver.disclaim(host, volume, TARGET.relationship);
    await driver.disclaim(host, volume, TARGET.relationship);
    await driver.claim(host, volume, { ...TARGET, relationship: 'second' });
  });

  it('remembers whose copy it was once that is forgotten, until anybody claims it', async () => {
    const { host, volume } = stage;
    const released = async () => (await driver.inspect(host, volume)).released;
    const forget = () => driver.disclaim(host, volume, TARGET.relationship, 'alpha:/srv/wiki');
    const noted = { relationship: TARGET.relationship, epoch: 1, copyOf: 'alpha:/srv/wiki' };
    await driver.claim(host, volume, TARGET);
    for (const _again of [1, 2]) await forget();
    expect(await released()).toEqual(noted);
    await driver.check(host, volume, { ...TARGET, relationship: 'second' });
    expect(await released()).toEqual(noted);
    await driver.claim(host, volume, { ...TARGET, relationship: 'second' });
    await driver.disclaim(host, volume, 'second');
    expect(await released()).toBeUndefined();
    // What was the primary is nobody's copy.
    await driver.claim(host, volume, SOURCE);
    await driver.demote(host, volume, { ...TARGET, epoch: 2 });
    await forget();
    expect(await released()).toBeUndefined();
  });
}

function describeCapture(fixture: VolumeFixture, stage: OpenStage, method: CaptureMethod): void {
  const { driver, capture } = fixture;
  const take = (syncId: string) =>
    driver.capture(stage.host, stage.volume, {
      relationship: 'wiki',
      syncId,
      method,
      mover: defaultMover(driver.kind),
    });

  if (!capture.includes(method)) {
    it(`refuses to capture by ${method}, and names what works`, async () => {
      await writeFile(join(stage.folder, 'file'), 'x');
      await driver.claim(stage.host, stage.volume, SOURCE);
      await expect(take('wiki-1')).rejects.toMatchObject({
        type: 'UnsupportedCapture',
        details: { hint: expect.stringContaining('use copyMethod') as unknown },
      });
    });
    return;
  }
  if (method === 'Direct') {
    it('captures by Direct what is live', async () => {
      await driver.claim(stage.host, stage.volume, SOURCE);
      const captured = await take('wiki-1');
      expect(captured).toEqual({ syncId: 'wiki-1', method, live: true, path: stage.volume.path });
    });
    return;
  }
  it(`captures by ${method} everything, and freezes it while the source goes on`, async () => {
    const { host, volume, folder } = stage;
    await makeNastyTree(folder);
    await driver.claim(host, volume, SOURCE);
    const captured = await take('wiki-1');
    expect(captured).toMatchObject({ syncId: 'wiki-1', method, live: false });
    const frozen = await see(fixture, captured.path);
    expect(await compareTrees(folder, frozen, { sparseness: true })).toEqual([]);
    const before = await describeTree(frozen);
    await writeFile(join(folder, 'content'), 'changed');
    await unlink(join(folder, 'empty'));
    expect(await take('wiki-1')).toEqual(captured);
    expect(await describeTree(frozen)).toEqual(before);
  });

  it(`releases all captures by ${method} but those to keep`, async () => {
    const { host, volume, folder } = stage;
    await driver.claim(host, volume, SOURCE);
    await writeFile(join(folder, 'file'), 'x');
    const taken = [await take('wiki-1'), await take('wiki-2'), await take('wiki-3')];
    const [one = '', two = '', three = ''] = await Promise.all(taken.map(({ path }) => see(fixture, path)));
    const release = async (...keepSyncIds: string[]) => {
      await driver.release(host, volume, { relationship: 'wiki', keepSyncIds });
      await fixture.settle?.();
    };
    await release('wiki-2');
    await release('wiki-2');
    await stat(join(two, 'file'));
    for (const path of [one, three]) await expect(stat(path)).rejects.toThrow('ENOENT');
    await release();
    await expect(stat(two)).rejects.toThrow('ENOENT');
  });
}

function describeRefusedPoint({ driver }: VolumeFixture, stage: OpenStage, method: PointMethod): void {
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

function describeDirectPoint(fixture: VolumeFixture, stage: OpenStage): void {
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

function describeReplicaAsPoint({ driver }: VolumeFixture, stage: OpenStage): void {
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

function describePoints(fixture: VolumeFixture, stage: OpenStage, method: PointMethod): void {
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
