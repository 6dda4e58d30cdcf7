/** The promises of the volume contract, for every kind of volume. */
import { link, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { CaptureMethod, PointMethod } from '../../src/model/records';
import { defaultMover } from '../../src/model/spec';
import type { VolumeDriver } from '../../src/volumes/contract';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { type OpenStage, see, SOURCE, type Stage, TARGET, type VolumeFixture } from './volume-fixture';
import {
  describeDirectPoint,
  describePoints,
  describeRefusedPoint,
  describeReplicaAsPoint,
} from './volume-points-suite';
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
