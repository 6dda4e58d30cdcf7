/** Retention at a target where something can't be removed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { whileRead } from '../../src/activities/host/being-read';
import { keepPoints } from '../../src/activities/host/keep-points';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { Volume } from '../../src/model/records';
import { RetainSchema } from '../../src/model/spec';
import { makeVolumes } from '../../src/volumes/registry';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeStamp, TARGET } from './volume-fixture';
import { pointPath } from '../support/trees/point-path';

let filesystem: TestFilesystem;
let home: string;

beforeAll(async () => {
  filesystem = await TestFilesystem.make('ext4');
  home = await mkdtemp(join(tmpdir(), 'tidemark-keep-'));
});

afterAll(async () => {
  await filesystem.dispose();
  await rm(home, { recursive: true });
});

it('warns of a point that can not be removed, removes the others, and keeps the list right', async () => {
  const host = makeLocalHost({ name: 'beta', home });
  const volume: Volume = {
    kind: 'directory',
    path: join(filesystem.mountPoint, 'wiki'),
  };
  const driver = makeVolumes(host).driverFor(volume);
  const { relationship } = TARGET;
  const signal = new AbortController().signal;
  await driver.claim(host, volume, TARGET);
  for (const sequence of [1, 2, 3]) {
    const path = join(volume.path, `only in ${sequence}`);
    await writeFile(path, 'x');
    const stamp = makeStamp(sequence);
    await driver.publish(host, volume, { relationship, method: 'HardLink', signal, stamp });
    await rm(path);
  }
  const stuck = join(await pointPath(driver, host, volume, relationship, makeStamp(1).id), 'only in 1');
  await runChecked(host, ['chattr', '+i', stuck]);
  try {
    const retain = RetainSchema.parse({ last: 1 });
    const kept = await keepPoints({ host, volume, driver }, { relationship, retain, signal });
    expect(kept.warning).toMatch(/could not all be removed[^]*only in 1/);
    expect(kept.points.at(-1)).toMatchObject({ id: makeStamp(3).id, keptBecause: ['newest', 'last 1'] });
    const trees = await host.files.list(dirname(dirname(stuck)));
    expect(trees).toHaveLength(2);
    const listed = await driver.points(host, volume, relationship);
    expect(kept.points.map(({ id }) => id)).toEqual(listed.map(({ id }) => id));
    await runChecked(host, ['chattr', '-i', stuck]);
    const again = await keepPoints({ host, volume, driver }, { relationship, retain, signal });
    expect(again.warning).toBeUndefined();
    expect(again.points.map(({ id }) => id)).toEqual([makeStamp(3).id]);
  } finally {
    await runChecked(host, ['chattr', '-i', stuck]).catch(() => undefined);
  }
});

it('leaves a point that somebody looks into, and removes it once that is over', async () => {
  const host = makeLocalHost({ name: 'beta', home });
  const volume: Volume = { kind: 'directory', path: join(filesystem.mountPoint, 'looked-into') };
  const driver = makeVolumes(host).driverFor(volume);
  const { relationship } = TARGET;
  const signal = new AbortController().signal;
  await driver.claim(host, volume, TARGET);
  const [first, second] = [makeStamp(1), makeStamp(2)];
  for (const stamp of [first, second]) {
    await writeFile(join(volume.path, 'page'), stamp.id);
    await driver.publish(host, volume, { relationship, method: 'HardLink', signal, stamp });
  }
  const retain = RetainSchema.parse({ last: 1 });
  const keep = () => keepPoints({ host, volume, driver }, { relationship, retain, signal });
  const place = { host, volume, relationship };
  await whileRead(place, first.id, async () => {
    const { points, removed } = await keep();
    expect(removed).toBe(0);
    expect(points.map(({ id, keptBecause }) => [id, keptBecause])).toEqual([
      [first.id, ['being read']],
      [second.id, ['newest', 'last 1']],
    ]);
    expect(await driver.points(host, volume, relationship)).toHaveLength(2);
  });
  const keeping = keep();
  while (!(await isRefused(place, first.id))) await setImmediate();
  expect((await keeping).points.map(({ id }) => id)).toEqual([second.id]);
});

/** Whether nobody may begin to read a point, as it is just being removed. */
const isRefused = (place: Parameters<typeof whileRead>[0], pointId: string): Promise<boolean> =>
  whileRead(place, pointId, () => Promise.resolve(false)).catch((error: unknown) => {
    expect(error).toMatchObject({ type: 'PointMissing' });
    return true;
  });
