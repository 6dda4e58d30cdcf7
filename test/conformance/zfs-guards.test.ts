/** What a stream of a dataset would delete is known, and asked about, before its first byte goes. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runZfs } from '../../src/volumes/zfs/tools';
import type { SnapshotStorage } from '../support/storage/snapshot-storage';
import { makeRigForEach, type SnapshotRig } from '../support/rigs/snapshot-rig';
import { makeZfsStorage } from '../support/storage/zfs-storage';

const FILES = 100;

let storage: SnapshotStorage;
let rig: SnapshotRig;
let root: string;
makeRigForEach(makeZfsStorage, (bench) => ({ storage, rig, root } = bench));
beforeEach(() => fill());

async function fill(): Promise<void> {
  await mkdir(join(root, 'files'));
  for (let number = 1; number <= FILES; number++) await writeFile(join(root, 'files', `${number}`), 'x');
}

const empty = () => rm(join(root, 'files'), { recursive: true });
const refused = (count: number, allowed: number) => ({
  type: 'ApprovalRequired',
  message: expect.stringMatching(
    `delete ${count} entries at beta .*, and at most ${allowed} may go without approval`,
  ) as string,
});
const held = async () => (await readdir(join(await storage.pathOf(rig.replica.volume), 'files'))).length;

it('counts what a point has, and refuses an emptied dataset without a change at the target', async () => {
  const { stats, point } = await rig.sync();
  expect([stats.totalFiles, point.files]).toEqual([FILES + 2, FILES + 2]);
  await empty();
  expect(await storage.driver.inspect(rig.source, rig.volume)).toMatchObject({ empty: true });
  for (const _again of [1, 2])
    await expect(rig.sync({ maxDeletes: '50%' })).rejects.toMatchObject(refused(FILES + 1, 51));
  expect(await held()).toBe(FILES);
  expect(await rig.points()).toHaveLength(1);
  await fill();
  const mended = await rig.sync({ maxDeletes: '50%' });
  expect(mended.stats.filesDeleted).toBe(0);
  expect(await held()).toBe(FILES);
});

it('names some of what would go, and lets go of what is allowed', async () => {
  await rig.sync();
  for (let number = 2; number <= FILES; number++) await rm(join(root, 'files', `${number}`));
  const error = await rig.sync({ maxDeletes: '50%' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject(refused(FILES - 1, 51));
  expect((error as Error).message).toMatch(/files\/\d+, files\/\d+, files\/\d+, …/);
  const { stats } = await rig.sync({ maxDeletes: '100%' });
  // With the folder that they were in.
  expect(stats).toMatchObject({ filesDeleted: FILES - 1, filesChanged: FILES, totalFiles: 3 });
  expect(await held()).toBe(1);
});

it('counts what was made and what was written to, also where the time was set back', async () => {
  const first = await rig.sync();
  expect(first.stats.filesChanged).toBe(FILES + 2);
  const [calm, touched] = [join(root, 'files', '1'), join(root, 'files', '2')];
  const { atime, mtime } = await stat(touched);
  await writeFile(touched, 'y');
  await utimes(touched, atime, mtime);
  await chmod(join(root, 'files', '3'), 0o600);
  await readFile(calm);
  const { stats } = await rig.sync();
  expect(stats).toMatchObject({ filesChanged: 2, filesDeleted: 0 });
  expect((await rig.sync()).stats.filesChanged).toBe(0);
});

it('holds for a copy that another tool had made, and where everything is sent anew', async () => {
  await storage.snapshot(rig.volume, 'sent');
  const sent = await storage.driver.states(rig.source, rig.volume, 'wiki');
  await storage.copyByHand(rig.volume, sent[0]!, rig.replica.volume);
  await empty();
  await expect(rig.sync({ maxDeletes: '50%' })).rejects.toMatchObject(refused(FILES + 1, 51));
  const excluded = [sent[0]!.identity];
  const full = rig.sync({ maxDeletes: '50%', excluded });
  await expect(full).rejects.toMatchObject({ type: 'ApprovalRequired' });
  expect(await held()).toBe(FILES);
});

it('judges by its size what can not be mounted and so not be counted', async () => {
  await writeFile(join(root, 'large'), randomBytes(2 ** 21));
  await rig.sync();
  // Where its copies would be mounted.
  const copies = join(rig.source.home, 'zfs', ...rig.volume.path.split('/'));
  await rig.source.files.remove(copies);
  await rig.source.files.write(copies, '');
  await writeFile(join(root, 'small'), 'x');
  const { stats } = await rig.sync({ maxDeletes: '50%' });
  expect(stats.totalFiles).toBe(0);
  await rm(join(root, 'large'));
  for (const _again of [1, 2]) {
    await expect(rig.sync({ maxDeletes: '50%' })).rejects.toMatchObject({
      type: 'ApprovalRequired',
      message: expect.stringMatching(
        /^this state is .* KiB large, and the one before was 2\.\d+ MiB/,
      ) as string,
    });
  }
  await rig.sync({ maxDeletes: '100%' });
  await rig.source.files.remove(copies);
});

it('names what is mounted inside of a dataset that is busy by it', async () => {
  const inside = join(root, 'files', 'else');
  await mkdir(inside);
  await rig.source.run(['mount', '-t', 'tmpfs', 'tmpfs', inside]);
  const unmounting = runZfs({ host: rig.source, volume: rig.volume }, ['unmount', rig.volume.path], {
    patient: false,
  });
  await expect(unmounting).rejects.toMatchObject({
    type: 'VolumeBusy',
    details: { hint: `other filesystems are mounted inside of it: umount ${inside}` },
  });
  await rig.source.run(['umount', inside]);
});
