/** What is not right with the place of a door: nothing is written elsewhere, and what could not be kept does not count. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DoorRig, execute } from '../support/rigs/door-rig';
import { TestFilesystem } from '../support/storage/filesystems';
import { compareTrees } from '../support/trees/compare-trees';

let rig: DoorRig;
afterEach(() => rig.dispose());

const WELL = { code: 0, stderr: '' };

describe('a push', () => {
  it('goes nowhere else where the folder has become a link', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    const outside = join(rig.folder, 'outside');
    await mkdir(outside);
    await rm(rig.pushed, { recursive: true });
    await symlink(outside, rig.pushed);
    await writeFile(rig.at('page'), 'one');
    expect((await rig.push()).stderr).toContain('is not there, or not mounted: nothing was written');
    expect(await readdir(outside)).toEqual([]);
  });

  it('that no disk has room for does not count, and the next one mends it', async () => {
    const filesystem = await TestFilesystem.make('tmpfs');
    try {
      await execute('mount', ['-o', 'remount,size=8m', filesystem.mountPoint]);
      rig = await DoorRig.make({}, join(filesystem.mountPoint, 'wiki'));
      await rig.claim();
      await writeFile(rig.at('big'), randomBytes(2 ** 24));
      expect(await rig.push()).toMatchObject({
        code: 11,
        stderr: expect.stringContaining('No space left') as unknown,
      });
      await expect(rig.capture(1)).rejects.toThrow('rsync says 11, it could not write: the disk may be full');
      await writeFile(rig.at('big'), 'small');
      expect(await rig.push()).toEqual(WELL);
      expect(await compareTrees(rig.at(''), (await rig.capture(2)).path)).toEqual([]);
      await rig.stopAgent();
    } finally {
      await filesystem.dispose();
    }
  });

  it('that can not be noted does not count, and is told', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    const { capturedAt } = await rig.capture(1);
    await rig.release();
    const [door = ''] = await readdir(join(rig.host.home, 'doors'));
    // Nobody, root neither, writes to a folder as to a file.
    await mkdir(join(rig.host.home, 'doors', door, 'state.new'));
    await writeFile(rig.at('page'), 'two');
    const { code, stderr } = await rig.push();
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('could not be noted')]);
    expect(await readFile(join(rig.pushed, 'page'), 'utf8')).toBe('one');
    expect((await rig.capture(2)).capturedAt).toBe(capturedAt);
  });
});
