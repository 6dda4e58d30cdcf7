/** Going back and cloning where disks are full, and where others mount something inside of a volume. */
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import type { Host } from '../../src/hosts/contract';
import { runChecked } from '../../src/hosts/run-checked';
import { directoryDriver as driver } from '../../src/volumes/directory';
import { describeTree } from '../support/trees/compare-trees';
import { type FilesystemKind, TestFilesystem } from '../support/storage/filesystems';
import { makeStamp, SOURCE, TARGET } from './volume-fixture';

let host: Host;
let filesystem: TestFilesystem | undefined;

beforeEach(async () => {
  host = makeLocalHost({ name: 'alpha', home: await mkdtemp(join(tmpdir(), 'tidemark-switch-')) });
});
afterEach(async () => {
  await filesystem?.dispose();
  filesystem = undefined;
  await rm(host.home, { recursive: true, force: true });
});

async function makeVolume(kind: FilesystemKind, size?: string) {
  filesystem = await TestFilesystem.make(kind, size === undefined ? {} : { size });
  const volume = { kind: 'directory' as const, path: join(filesystem.mountPoint, 'wiki') };
  await mkdir(volume.path);
  await driver.claim(host, volume, TARGET);
  return volume;
}

const relationship = 'wiki';
const publish = (volume: Parameters<typeof driver.publish>[1]) =>
  driver.publish(host, volume, { relationship, stamp: makeStamp(1), method: 'HardLink' });

it('refuses a clone that does not fit, before it writes any of it, and says how much is missing', async () => {
  const volume = await makeVolume('ext4', '24M');
  const { freeBytes } = await driver.inspect(host, volume);
  await writeFile(join(volume.path, 'big'), Buffer.alloc(Math.floor(freeBytes * 0.45), 1));
  const { id: pointId } = await publish(volume);
  const cloning = driver.clone(host, volume, { relationship, pointId, cloneId: 'drill-1' });
  await expect(cloning).rejects.toMatchObject({
    type: 'TargetFull',
    message: expect.stringMatching(/needs .* are missing$/) as unknown,
  });
  const own = join(filesystem?.mountPoint ?? '', '.tidemark/wiki/wiki');
  expect(await readdir(join(own, 'clones'))).toEqual([]);
  expect(await readdir(join(own, 'holds'))).toEqual([]);
});

it('rolls back around what is mounted inside of a volume, whatever its name', async () => {
  const volume = await makeVolume('xfs');
  const points = ['mounted', 'deep/[odd] *\\ name'].map((name) => join(volume.path, name));
  for (const point of points) await mkdir(point, { recursive: true });
  await writeFile(join(volume.path, 'file'), 'x');
  const { id: pointId } = await publish(volume);
  for (const point of points) await runChecked(host, ['mount', '-t', 'tmpfs', 'tmpfs', point]);
  try {
    for (const point of points) {
      await writeFile(join(point, 'not-ours'), 'x');
      await utimes(point, 3, 3);
    }
    const before = await Promise.all(points.map((point) => describeTree(point)));
    await rm(join(volume.path, 'file'));
    await driver.rollback(host, volume, { relationship, pointId });
    expect(await Promise.all(points.map((point) => describeTree(point)))).toEqual(before);
    await stat(join(volume.path, 'file'));
  } finally {
    for (const point of points) await runChecked(host, ['umount', point]);
  }
});

it('names what is in the way of making a folder of btrfs read-only', async () => {
  filesystem = await TestFilesystem.make('btrfs');
  const volume = { kind: 'directory' as const, path: join(filesystem.mountPoint, 'plain') };
  await mkdir(volume.path);
  await driver.claim(host, volume, SOURCE);
  const { readOnly, whyNot } = await driver.demote(host, volume, { ...TARGET, epoch: 2 });
  expect(readOnly).toBe(false);
  expect(whyNot).toContain('not a btrfs subvolume');
});

it('refuses to switch a volume whose filesystem is mounted read-only', async () => {
  const volume = await makeVolume('xfs');
  await filesystem?.unmount();
  await filesystem?.mount(['ro']);
  const promoted = driver.promote(host, volume, { ...SOURCE, epoch: 2 });
  await expect(promoted).rejects.toMatchObject({ type: 'NotMounted' });
});

it('ends up writable for the next owner, wherever a switch is cut off', async () => {
  filesystem = await TestFilesystem.make('btrfs');
  const volume = { kind: 'directory' as const, path: join(filesystem.mountPoint, 'wiki') };
  const demoted = { ...TARGET, epoch: 2 };
  const promoted = { ...SOURCE, epoch: 3 };
  const write = () => writeFile(join(volume.path, 'file'), 'x');
  /** The agent is gone right before, or right after, the volume's property is changed. */
  const cutOff = (isDone: boolean): Host => ({
    ...host,
    async run(argv, options) {
      const isSwitch = argv.includes('property');
      const result = isSwitch && !isDone ? undefined : await host.run(argv, options);
      if (isSwitch || result === undefined) throw new Error('cut off');
      return result;
    },
  });
  await driver.claim(host, volume, TARGET);
  for (const isDone of [false, true]) {
    await expect(driver.demote(cutOff(isDone), volume, demoted)).rejects.toThrow('cut off');
    await driver.claim(host, volume, demoted);
    await write();
  }
  await driver.demote(host, volume, demoted);
  for (const isDone of [false, true]) {
    await expect(driver.promote(cutOff(isDone), volume, promoted)).rejects.toThrow('cut off');
    expect((await driver.inspect(host, volume)).claim).toEqual(demoted);
  }
  await driver.promote(host, volume, promoted);
  await write();
});

it('leaves alone what is not content of a whole filesystem when it rolls back', async () => {
  filesystem = await TestFilesystem.make('ext4');
  const volume = { kind: 'directory' as const, path: filesystem.mountPoint };
  const found = join(volume.path, 'lost+found/#12');
  await driver.claim(host, volume, TARGET);
  const { id: pointId } = await publish(volume);
  await writeFile(found, 'x');
  await writeFile(join(volume.path, 'extra'), 'x');
  await driver.rollback(host, volume, { relationship, pointId });
  expect(await readdir(volume.path)).toEqual(['.tidemark', 'lost+found']);
  await stat(found);
  await driver.check(host, volume, TARGET);
});
