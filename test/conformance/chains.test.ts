/** The middle of a chain, A → B → C: what is sent on is whole, and nothing of the first relationship is in it. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetLandings, noteLanding } from '../../src/activities/host/landed';
import { readWhole } from '../../src/activities/host/middle';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import type { CaptureMethod, PointMethod } from '../../src/model/records';
import { directoryDriver as driver } from '../../src/volumes/directory';
import { type FilesystemKind, TestFilesystem } from '../support/storage/filesystems';
import { makeStamp, TARGET } from './volume-fixture';
import { makeVolumes } from '../../src/volumes/registry';

let host: Host;
let folder: string;
let filesystem: TestFilesystem | undefined;
const ONWARDS = { relationship: 'onwards', epoch: 1, role: 'source' as const };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-chains-'));
  host = makeLocalHost({ name: 'beta', home: join(folder, 'home') });
});
afterEach(async () => {
  await filesystem?.dispose();
  filesystem = undefined;
  await rm(folder, { recursive: true, force: true });
});

describe.each([
  ['ext4', 'HardLink', 'Direct'],
  ['ext4', 'Direct', 'Direct'],
  ['xfs', 'Clone', 'Clone'],
  ['btrfs', 'Snapshot', 'Snapshot'],
  ['btrfs', 'Clone', 'Snapshot'],
] as [FilesystemKind, PointMethod, CaptureMethod][])(
  'on %s, points by %s, captured by %s',
  (kind, method, how) => {
    const publish = (path: string, sequence: number) =>
      driver.publish(host, volumeAt(path), {
        ...{ relationship: 'wiki', stamp: makeStamp(sequence), method },
      });
    const volumeAt = (path: string) => ({ kind: 'directory' as const, path });

    it('has nothing of Tidemark in what is captured or counted, and nothing piles up', async () => {
      filesystem = await TestFilesystem.make(kind);
      // A whole filesystem: Tidemark's own folder is inside of the volume.
      const volume = volumeAt(filesystem.mountPoint);
      await driver.claim(host, volume, TARGET);
      await writeFile(join(volume.path, 'page'), '1');
      await publish(volume.path, 1);
      await driver.check(host, volume, ONWARDS);
      await driver.claim(host, volume, ONWARDS);
      const counted = await driver.size(host, volume);
      expect(counted).toEqual({ fileBytes: 1, entries: 2 });
      for (let sequence = 2; sequence <= 4; sequence++) {
        await publish(volume.path, sequence);
        const captured = await driver.capture(host, volume, {
          ...{ relationship: 'onwards', syncId: `onwards-${sequence}`, method: how },
        });
        const names = await readdir(captured.path, { recursive: true });
        const inside = names.filter((name) => name.startsWith('.tidemark/'));
        if (captured.live) expect(captured.path).toBe(volume.path);
        else expect(inside).toEqual([]);
        await driver.release(host, volume, { relationship: 'onwards', keepSyncIds: [] });
        await driver.prune(host, volume, { relationship: 'wiki', removePointIds: [] });
        // The first relationship goes on as if nobody read.
        await driver.check(host, volume, TARGET);
        await driver.claim(host, volume, TARGET);
      }
      expect(await driver.size(host, volume)).toEqual(counted);
      const own = await readdir(join(volume.path, '.tidemark', 'onwards')).catch(() => []);
      for (const name of own)
        expect(await readdir(join(volume.path, '.tidemark', 'onwards', name))).toEqual([]);
      expect(await driver.points(host, volume, 'onwards')).toEqual([]);
    });
  },
);

describe('a replica that is being written to', () => {
  const ID = { relationship: 'wiki', target: 'beta', syncId: 'wiki-000002' };
  const middle = () => ({ kind: 'directory' as const, path: join(folder, 'wiki') });
  const here = () => ({ host, volumes: makeVolumes(host) });
  const read = (during: () => Promise<void> = async () => undefined, undo?: () => Promise<void>) =>
    readWhole({ ...here(), volume: middle(), relationship: 'onwards' }, during, undo);
  const publish = (sequence: number) =>
    driver.publish(host, middle(), {
      ...{ relationship: 'wiki', stamp: makeStamp(sequence), method: 'HardLink' },
    });

  beforeEach(async () => {
    await mkdir(middle().path);
    await driver.claim(host, middle(), TARGET);
    await driver.claim(host, middle(), ONWARDS);
    await publish(1);
  });

  it('is not captured before the transfer that is open, or was cut off, has become a point', async () => {
    await read();
    await noteLanding(host, ID);
    await expect(read()).rejects.toMatchObject({
      type: 'VolumeBusy',
      message: expect.stringContaining('wiki') as unknown,
    });
    await publish(2);
    await forgetLandings(host, ID);
    await read();
  });

  it('is let go of where a transfer began, or began and ended, while it was captured', async () => {
    let undone = 0;
    const undo = async () => void undone++;
    await expect(read(() => noteLanding(host, ID), undo)).rejects.toMatchObject({ type: 'VolumeBusy' });
    await forgetLandings(host, ID);
    const whole = async () => {
      await noteLanding(host, ID);
      await publish(3);
      await forgetLandings(host, ID);
    };
    await expect(read(whole, undo)).rejects.toMatchObject({ type: 'VolumeBusy' });
    expect(undone).toBe(2);
    await read(async () => undefined, undo);
    expect(undone).toBe(2);
  });

  it('keeps nobody waiting but those that read it', async () => {
    await noteLanding(host, ID);
    await mkdir(join(folder, 'other'));
    await readWhole(
      { ...here(), volume: { kind: 'directory', path: join(folder, 'other') }, relationship: 'other' },
      async () => undefined,
    );
    await readWhole({ ...here(), volume: middle(), relationship: 'wiki' }, async () => undefined);
  });
});
