/** A volume becomes the primary, or gives that up. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  makeStamp,
  type OpenStage,
  see,
  seePoint,
  SOURCE,
  TARGET,
  TREE,
  type VolumeFixture,
} from './volume-fixture';

const DEMOTED = { ...TARGET, epoch: 2 };
const PROMOTED = { ...SOURCE, epoch: 2 };

export function describeSwitch(
  fixture: Omit<VolumeFixture, 'title' | 'capture' | 'sharesBlocks' | 'makeVolume'>,
  stage: OpenStage,
): void {
  const { driver, canBeReadOnly, points, content = TREE } = fixture;
  const expected = canBeReadOnly
    ? { readOnly: true }
    : { readOnly: false, whyNot: expect.stringContaining('; stop what writes to it') as unknown };
  const write = () => content.write(stage.folder);

  it('gives up being the primary, which can be repeated, and refuses what is over', async () => {
    const { host, volume, folder } = stage;
    await content.fill(folder);
    await driver.claim(host, volume, SOURCE);
    const before = await content.describe(folder);
    expect(await driver.demote(host, volume, DEMOTED)).toEqual(expected);
    expect(await driver.demote(host, volume, DEMOTED)).toEqual(expected);
    expect((await driver.inspect(host, volume)).claim).toEqual(DEMOTED);
    expect(await content.describe(folder)).toEqual(before);
    for (const refused of [
      driver.check(host, volume, SOURCE),
      driver.claim(host, volume, SOURCE),
      driver.promote(host, volume, SOURCE),
      driver.demote(host, volume, TARGET),
      driver.promote(host, volume, PROMOTED),
    ]) {
      await expect(refused).rejects.toMatchObject({ type: 'Fenced' });
    }
    if (canBeReadOnly) await expect(write()).rejects.toThrow(content.refusal);
    else await write();
  });

  it('becomes the primary, which can be repeated, and refuses what is over', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, TARGET);
    await driver.promote(host, volume, PROMOTED);
    await driver.promote(host, volume, PROMOTED);
    expect((await driver.inspect(host, volume)).claim).toEqual(PROMOTED);
    for (const refused of [
      driver.check(host, volume, TARGET),
      driver.claim(host, volume, TARGET),
      driver.promote(host, volume, SOURCE),
      driver.demote(host, volume, DEMOTED),
    ]) {
      await expect(refused).rejects.toMatchObject({ type: 'Fenced' });
    }
    await write();
  });

  it('becomes the primary of the epoch that it was claimed for as a target, unless it was demoted in it', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, DEMOTED);
    await driver.promote(host, volume, PROMOTED);
    expect((await driver.inspect(host, volume)).claim).toEqual(PROMOTED);
    await driver.demote(host, volume, { ...DEMOTED, epoch: 3 });
    await driver.claim(host, volume, { ...DEMOTED, epoch: 3 });
    const promoted = driver.promote(host, volume, { ...PROMOTED, epoch: 3 });
    await expect(promoted).rejects.toMatchObject({ type: 'Fenced' });
    await driver.promote(host, volume, { ...PROMOTED, epoch: 4 });
  });

  it.each([
    ['claimed as a target', () => driver.claim(stage.host, stage.volume, DEMOTED)],
    ['claimed as a source', () => driver.claim(stage.host, stage.volume, { ...SOURCE, epoch: 3 })],
    ['promoted', () => driver.promote(stage.host, stage.volume, { ...SOURCE, epoch: 3 })],
    ['forgotten', () => driver.disclaim(stage.host, stage.volume, DEMOTED.relationship)],
  ])('can be written to again once it is %s', async (_, end) => {
    const { host, volume } = stage;
    await driver.claim(host, volume, SOURCE);
    await driver.demote(host, volume, DEMOTED);
    await end();
    await write();
  });

  it('stays as it was demoted when others look, or copy it on', async () => {
    const { host, volume } = stage;
    await driver.claim(host, volume, SOURCE);
    await driver.demote(host, volume, DEMOTED);
    await driver.check(host, volume, DEMOTED);
    await driver.claim(host, volume, { ...SOURCE, relationship: 'onwards' });
    if (canBeReadOnly) await expect(write()).rejects.toThrow(content.refusal);
  });

  it.each(points)('keeps by %s what is there once it is demoted', async (method) => {
    const { host, volume } = stage;
    await write();
    await driver.claim(host, volume, SOURCE);
    await driver.demote(host, volume, DEMOTED);
    const stamp = makeStamp(1, { diverged: true });
    const request = { relationship: 'wiki', stamp, method };
    const point = await driver.publish(host, volume, request);
    expect(point).toMatchObject({ diverged: true });
    expect(await driver.points(host, volume, 'wiki')).toEqual([point]);
    const path = await seePoint(fixture, stage, 'wiki', point.id);
    expect(await content.describe(path)).toEqual(await content.describe(stage.folder));
  });

  it('is neither promoted nor demoted where it is missing, and is not made', async () => {
    const { host } = stage;
    const volume = fixture.nameMissing?.(stage.volume) ?? {
      ...stage.volume,
      path: join(stage.volume.path, 'none'),
    };
    const missing = { type: 'VolumeMissing' };
    await expect(driver.promote(host, volume, PROMOTED)).rejects.toMatchObject(missing);
    await expect(driver.demote(host, volume, DEMOTED)).rejects.toMatchObject(missing);
    await expect(see(fixture, volume.path).then((path) => stat(path))).rejects.toThrow('ENOENT');
  });
}
