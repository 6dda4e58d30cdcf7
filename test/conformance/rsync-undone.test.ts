/** What rsync did not do, and ended well all the same, is no success. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rsyncMover } from '../../src/movers/rsync';
import { compareTrees } from '../support/trees/compare-trees';
import { errorOfType } from '../support/expect-type';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeMoverRig, type MoverRig } from '../support/rigs/mover-rig';

const run = promisify(execFile);

let rig: MoverRig;
let filesystem: TestFilesystem;
let targetPath: string;
const sync = () => rig.sync({ targetPath, writeMode: 'delayed' });

beforeEach(async () => {
  [rig, filesystem] = await Promise.all([makeMoverRig(rsyncMover), TestFilesystem.make('ext4')]);
  targetPath = join(filesystem.mountPoint, 'replica');
  await mkdir(targetPath);
  await mkdir(join(rig.sourcePath, 'a/b'), { recursive: true });
  await writeFile(join(rig.sourcePath, 'a/page'), 'was');
});
afterEach(async () => {
  await rig.dispose();
  await filesystem.dispose();
});

it('a file that had arrived, and for which no folder could be made', async () => {
  await sync();
  await writeFile(join(rig.sourcePath, 'a/page'), 'is more by now');
  // One inode for the file, and none for the folder in which it waits for all others.
  const others = join(filesystem.mountPoint, 'others');
  await mkdir(others);
  const { ffree } = await statfs(filesystem.mountPoint);
  for (let count = 1; count < ffree; count++) await writeFile(join(others, String(count)), '');
  await expect(sync()).rejects.toThrow(errorOfType('TargetFull'));
  expect(await readFile(join(targetPath, 'a/page'), 'utf8')).toBe('was');
  await rm(others, { recursive: true });
  await sync();
  expect(await compareTrees(rig.sourcePath, targetPath)).toEqual([]);
});

it.each(['a', 'a/b'])('the folder %s of the replica, in which something is mounted', async (gone) => {
  await sync();
  const mounted = join(targetPath, 'a/b');
  await run('mount', ['-t', 'tmpfs', 'tmpfs', mounted]);
  try {
    await writeFile(join(rig.sourcePath, 'a/page'), 'a folder that is on both sides is no harm');
    await sync();
    await rm(join(rig.sourcePath, gone), { recursive: true });
    await writeFile(join(rig.sourcePath, 'new'), 'all else comes over');
    await expect(sync()).rejects.toThrow(errorOfType('VolumeBusy'));
    expect(await readFile(join(targetPath, 'new'), 'utf8')).toBe('all else comes over');
  } finally {
    await run('umount', [mounted]);
  }
  await sync();
  expect(await compareTrees(rig.sourcePath, targetPath)).toEqual([]);
});
