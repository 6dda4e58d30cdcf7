/** Mounted clones of what is to be renamed: zfs-fuse waits for them, for ever; any other ZFS does not mind. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRigForEach, type SnapshotRig } from '../support/rigs/snapshot-rig';
import type { SnapshotStorage } from '../support/storage/snapshot-storage';
import { makeZfsStorage, zfs } from '../support/storage/zfs-storage';

let storage: SnapshotStorage;
let rig: SnapshotRig;
let root: string;
makeRigForEach(makeZfsStorage, (bench) => ({ storage, rig, root } = bench));

const write = (content: string) => writeFile(join(root, 'file'), content);
const contentAt = (folder: string) => readFile(join(folder, 'file'), 'utf8');
const replicated = async () => contentAt(await storage.pathOf(rig.replica.volume));

const newestSnapshot = async () =>
  `${rig.replica.volume.path}@${(await storage.snapshots(rig.replica.volume)).at(-1)}`;

/** Only a clone that was mounted again keeps what it is of busy. */
async function mountAgain(clone: string): Promise<void> {
  await zfs('unmount', clone);
  await zfs('mount', clone);
}

it('a copy of a point in which nobody reads makes way', async () => {
  await write('1');
  const { point } = await rig.sync();
  const copy = await rig.pathOfPoint(point);
  const mounted = (await zfs('list', '-H', '-o', 'name,mountpoint')).split('\n');
  await mountAgain(mounted.find((line) => line.endsWith(`\t${copy}`))?.split('\t')[0] ?? '');
  // So that the next sync puts another dataset in the replica's place.
  await rig.loseStates();
  await write('2');
  expect((await rig.sync()).plan.into).toBe('side');
  expect(await replicated()).toBe('2');
  expect(await contentAt(await rig.pathOfPoint(point))).toBe('1');
});

it("somebody's own clone of a point is named, and the last good replica stays in its place until that is unmounted", async () => {
  await write('1');
  const { point } = await rig.sync();
  const theirs = `${rig.replica.volume.path}-theirs`;
  await zfs('clone', await newestSnapshot(), theirs);
  await mountAgain(theirs);
  // So that the next sync puts another dataset in the replica's place.
  await rig.loseStates();
  await write('2');
  const failed: unknown = await rig.sync().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failed !== undefined) {
    expect(failed).toMatchObject({ type: 'VolumeBusy' });
    expect((failed as { details: object }).details).toMatchObject({
      hint: expect.stringContaining(`zfs unmount ${theirs}`) as string,
    });
    expect((await zfs('list', '-H', '-o', 'mounted', theirs)).trim()).toBe('yes');
    expect(await replicated()).toBe('1');
    expect((await rig.points()).map(({ id }) => id)).toEqual([point.id]);
    await zfs('unmount', theirs);
    await rig.sync();
    await zfs('mount', theirs);
  }
  expect(await replicated()).toBe('2');
  expect(await contentAt(await storage.pathOf({ kind: 'zfs', path: theirs }))).toBe('1');
  await zfs('destroy', theirs);
});
