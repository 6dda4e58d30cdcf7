/** What is refused of devices and image files before anything is changed: real mounts, swap, partitions, pools. */
import { mkdir, mkdtemp, open, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { Volume } from '../../src/model/records';
import { blockDriver } from '../../src/volumes/block';
import { directoryDriver } from '../../src/volumes/directory';
import { checkBeside } from '../../src/volumes/shared/apart';
import { readMounts } from '../../src/trees/mounts';
import { BlockStorage, MiB } from '../support/storage/block-storage';
import { makeStamp, SOURCE, TARGET } from './volume-fixture';

let storage: BlockStorage;
let host: Host;

beforeAll(async () => {
  storage = await BlockStorage.make();
});
beforeEach(async () => {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-home-'));
  host = makeLocalHost({ name: 'alpha', home });
});
afterEach(async () => {
  await storage.detachAll();
  await rm(host.home, { recursive: true, force: true });
});
afterAll(() => storage.dispose());

const run = (...argv: string[]) => runChecked(host, argv);
const claim = (volume: Volume, wanted = TARGET) => blockDriver.claim(host, volume, wanted);
const device = async (): Promise<Volume> => ({ kind: 'block', path: (await storage.device()).path });
const busy = (words: RegExp) => ({ type: 'VolumeBusy', message: expect.stringMatching(words) as unknown });

/** Is mounted for as long as the work takes. */
async function whileMounted(path: string, work: (point: string) => Promise<void>, options = 'rw') {
  const point = await storage.path('mounted');
  await mkdir(point);
  await run('mount', '-o', options, path, point);
  try {
    await work(point);
  } finally {
    await run('umount', point);
  }
}

describe('a device that is mounted', () => {
  let volume: Volume;
  beforeEach(async () => {
    volume = await device();
    await run('mkfs.ext4', '-q', volume.path);
  });

  it('is no target, in whatever way it is mounted, and is told as one that is written to', async () => {
    const before = await BlockStorage.sum(volume.path, 8 * MiB);
    for (const options of ['rw', 'ro'])
      await whileMounted(
        volume.path,
        async (point) => {
          const inspection = await blockDriver.inspect(host, volume);
          expect(inspection.inUse).toEqual([`mounted on ${point}`]);
          expect(inspection.writers).toEqual(options === 'rw' ? [`mounted on ${point}`] : undefined);
          await expect(claim(volume)).rejects.toMatchObject(busy(/mounted on/));
          expect((await blockDriver.inspect(host, volume)).claim).toBeUndefined();
        },
        options,
      );
    await claim(volume);
    expect(before).toHaveLength(68);
  });

  it('is fenced all the same, says that it was not made read-only, and why', async () => {
    await claim(volume, SOURCE);
    await whileMounted(volume.path, async (point) => {
      const answer = await blockDriver.demote(host, volume, { ...TARGET, epoch: 2 });
      expect(answer).toEqual({
        readOnly: false,
        whyNot: `it is in use: mounted on ${point}; stop what writes to it`,
      });
      await run('touch', join(point, 'still written to'));
    });
  });

  it('may still be looked at by whoever asks for its points', async () => {
    await claim(volume);
    const request = { relationship: 'wiki', stamp: makeStamp(1), method: 'Direct' } as const;
    const point = await blockDriver.publish(host, volume, request);
    await whileMounted(volume.path, async () => {
      await blockDriver.check(host, volume, TARGET);
      expect(await blockDriver.points(host, volume, 'wiki')).toEqual([point]);
    });
  });
});

it('a disk of which a partition is mounted is no target, nor is what the system runs on', async () => {
  const { path } = await storage.device(32 * MiB);
  // In sectors. Not every kernel reads partition tables; this needs none.
  await run('addpart', path, '1', '2048', '32768');
  const partition = `${path}p1`;
  await run('mkfs.ext4', '-q', partition);
  const disk: Volume = { kind: 'block', path };
  await whileMounted(partition, async (point) => {
    await expect(claim(disk)).rejects.toMatchObject(
      busy(new RegExp(`mounted on ${point} \\(by ${partition}\\)`)),
    );
  });
  const root = (await readMounts(host)).find(({ point }) => point === '/');
  if (root?.source.startsWith('/dev/')) {
    const system: Volume = { kind: 'block', path: root.source };
    await expect(claim(system)).rejects.toMatchObject(busy(/mounted on \//));
  }
  // The disk and a part of it are no two volumes.
  await claim(disk, SOURCE);
  const part = { kind: 'block', path: partition } as const;
  await expect(claim(part)).rejects.toMatchObject({ type: 'Fenced' });
  await run('delpart', path, '1');
});

it('what is swapped to is no target, be it a device or a file', async () => {
  const volume = await device();
  const { path } = await storage.image();
  await BlockStorage.zero(path, 0, 8);
  for (const each of [volume.path, path]) {
    await run('chmod', '0600', each);
    await run('mkswap', '-q', each);
    await run('swapon', each);
    try {
      await expect(claim({ kind: 'block', path: each })).rejects.toMatchObject(busy(/swap/));
    } finally {
      await run('swapoff', each);
    }
  }
});

it('a member of an array is no target, though nobody uses it just now, unless it is a copy of one', async () => {
  const volume = await device();
  const block = Buffer.alloc(4096);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  block.write('0123456789abcdefhost:md0', 16);
  block.writeUInt32LE(8, 144);
  const write = async () => {
    const file = await open(volume.path, 'r+');
    await file.write(block, 0, block.length, 4096);
    await file.sync();
    await file.close();
  };
  await write();
  await expect(claim(volume)).rejects.toMatchObject({
    type: 'InvalidSpec',
    message: expect.stringContaining('linux_raid_member') as unknown,
  });
  await BlockStorage.zero(volume.path, 0, 1);
  await claim(volume);
  await write();
  await claim(volume);
});

it('an image that a loop device shows is no target', async () => {
  const { path, backing } = await storage.device();
  const behind: Volume = { kind: 'block', path: backing };
  await expect(claim(behind)).rejects.toMatchObject(busy(new RegExp(`attached to ${path}`)));
});

it('a device that is not there is never made', async () => {
  const volume: Volume = { kind: 'block', path: '/dev/tidemark-never-was' };
  for (const wanted of [SOURCE, TARGET])
    await expect(claim(volume, wanted)).rejects.toMatchObject({ type: 'VolumeMissing' });
  expect(await blockDriver.inspect(host, volume)).toMatchObject({ exists: false });
});

it('what is neither a device nor a file, and what belongs to the system or the agent, is refused', async () => {
  const at = (path: string): Volume => ({ kind: 'block', path });
  const folder = await storage.path('folder');
  await mkdir(folder);
  await expect(claim(at(folder))).rejects.toMatchObject({ type: 'VolumeMissing' });
  for (const path of ['/dev/null', '/etc/hostname', '/db.img', '/proc/version', join(host.home, 'db.img')])
    await expect(claim(at(path))).rejects.toMatchObject({ type: 'InvalidSpec' });
});

it('another device under the same name is noticed, and takes nothing over from the first', async () => {
  const volume: Volume = { kind: 'block', path: await storage.path('by-name') };
  await symlink((await device()).path, volume.path);
  await claim(volume);
  const request = { relationship: 'wiki', stamp: makeStamp(1), method: 'Direct' } as const;
  await blockDriver.publish(host, volume, request);
  await rm(volume.path);
  await symlink((await device()).path, volume.path);
  await expect(blockDriver.check(host, volume, TARGET)).rejects.toMatchObject({
    type: 'NotMounted',
    message: 'another device bears this name now',
  });
  expect(await blockDriver.points(host, volume, 'wiki')).toEqual([]);
  expect((await blockDriver.inspect(host, volume)).claim).toBeUndefined();
  await blockDriver.claim(host, volume, TARGET, { approved: true });
  await blockDriver.check(host, volume, TARGET);
  expect(await blockDriver.points(host, volume, 'wiki')).toEqual([]);
});

it('one device is one volume, by whatever name, and so are a loop device and the file behind it', async () => {
  const { path, backing } = await storage.device();
  const link = await storage.path('by-id');
  await symlink(path, link);
  await claim({ kind: 'block', path });
  const other = { ...TARGET, relationship: 'other' };
  for (const named of [link, backing]) {
    const volume: Volume = { kind: 'block', path: named };
    await expect(blockDriver.check(host, volume, other)).rejects.toMatchObject({ type: 'Fenced' });
  }
  const subject = { host, volume: { kind: 'block', path: link } as const };
  const beside = [{ volume: { kind: 'block', path } as const, role: 'source' as const }];
  await expect(checkBeside(subject, TARGET, beside)).rejects.toMatchObject({ type: 'Fenced' });
});

it('an image file and a directory that it lies in are not both volumes, whichever comes first', async () => {
  const image = await storage.image();
  const folder: Volume = { kind: 'directory', path: join(image.path, '..') };
  const other = { ...TARGET, relationship: 'other' };
  await claim(image, SOURCE);
  await expect(directoryDriver.claim(host, folder, other)).rejects.toMatchObject({ type: 'Fenced' });
  const second = await storage.image();
  await directoryDriver.claim(host, { kind: 'directory', path: join(second.path, '..') }, SOURCE);
  await expect(claim(second, other)).rejects.toMatchObject({ type: 'Fenced' });
  // What is kept beside them tells it to an agent that remembers nothing.
  const stranger = makeLocalHost({ name: 'beta', home: join(host.home, 'stranger') });
  await expect(blockDriver.claim(stranger, second, other)).rejects.toMatchObject({ type: 'Fenced' });
  await expect(directoryDriver.claim(stranger, folder, other)).rejects.toMatchObject({ type: 'Fenced' });
});
