import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeLocalHost } from '../../src/hosts/local';
import { defaultMover } from '../../src/model/spec';
import { btrfsDriver } from '../../src/volumes/btrfs';
import { makeSubvolumeFixture } from '../support/storage/btrfs-fixtures';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeStamp, SOURCE, TARGET } from './volume-fixture';
import { describeVolume } from './volume-suite';

describeVolume(makeSubvolumeFixture());

describe('a btrfs volume', () => {
  let filesystem: TestFilesystem;
  let home: string;
  let elsewhere: string;
  const host = () => makeLocalHost({ name: 'alpha', home });
  const at = (name = '') => ({ kind: 'btrfs' as const, path: join(filesystem.mountPoint, name) });

  beforeAll(async () => {
    filesystem = await TestFilesystem.make('btrfs');
    home = await mkdtemp(join(tmpdir(), 'tidemark-home-'));
    elsewhere = await mkdtemp(join(tmpdir(), 'tidemark-elsewhere-'));
  });
  afterAll(async () => {
    await filesystem.dispose();
    await rm(home, { recursive: true });
    await rm(elsewhere, { recursive: true });
  });

  it('is refused where it is a directory, or lies on another filesystem, and told what to do', async () => {
    await mkdir(at('folder').path);
    await writeFile(at('folder/file').path, 'x');
    for (const [volume, words] of [
      [at('folder'), /not a btrfs subvolume: make it one/],
      [{ kind: 'btrfs' as const, path: elsewhere }, /not on btrfs: name it as `directory`/],
    ] as const) {
      const refused = { type: 'UnsupportedCapture', message: expect.stringMatching(words) as unknown };
      await expect(btrfsDriver.claim(host(), volume, TARGET)).rejects.toMatchObject(refused);
      const inspection = await btrfsDriver.inspect(host(), volume);
      expect(inspection).toMatchObject({ capture: [], points: [] });
      expect(inspection.whyNot.Snapshot).toMatch(words);
    }
  });

  it('is never taken away from under what is mounted inside of it', async () => {
    const run = promisify(execFile);
    const volume = at('replica');
    await run('btrfs', ['subvolume', 'create', volume.path]);
    await btrfsDriver.claim(host(), volume, TARGET);
    const { id } = await btrfsDriver.publish(host(), volume, {
      ...{ relationship: 'wiki', method: 'Snapshot' },
      stamp: makeStamp(1),
    });
    await run('btrfs', ['property', 'set', '-ts', volume.path, 'ro', 'false']);
    const inside = join(volume.path, 'inside');
    await mkdir(inside);
    await run('mount', ['-t', 'tmpfs', 'tmpfs', inside]);
    const refused = { type: 'VolumeBusy', details: { hint: `umount ${inside}` } };
    try {
      await writeFile(join(inside, 'precious'), 'x');
      await expect(btrfsDriver.claim(host(), volume, TARGET)).rejects.toMatchObject(refused);
      const back = () => btrfsDriver.rollback(host(), volume, { relationship: 'wiki', pointId: id });
      await expect(back()).rejects.toMatchObject(refused);
      await stat(join(inside, 'precious'));
      await run('umount', [inside]);
      await back();
      await expect(stat(inside)).rejects.toThrow('ENOENT');
    } finally {
      await run('umount', [inside]).catch(() => undefined);
      await btrfsDriver.disclaim(host(), volume, 'wiki');
    }
  });

  it('may be a whole filesystem as a source, and not as a target, whose replica is replaced by name', async () => {
    await expect(btrfsDriver.check(host(), at(), TARGET)).rejects.toMatchObject({
      type: 'UnsupportedCapture',
      message: expect.stringMatching(/is a mount point.*use a subvolume inside of it/) as unknown,
    });
    await btrfsDriver.claim(host(), at(), SOURCE);
    const request = { relationship: 'wiki', syncId: 'wiki-1', method: 'Snapshot' as const };
    const taken = await btrfsDriver.capture(host(), at(), { ...request, mover: defaultMover('btrfs') });
    await stat(join(taken.path, 'folder/file'));
  });
});
