/** What a transfer of trees may delete, and what it never does before it is allowed to. */
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mover, WriteMode } from '../../src/movers/contract';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { errorOfType } from '../support/expect-type';
import { makeMoverRig, moverSpec, type MoverRig } from '../support/rigs/mover-rig';
import { makeNastyTree } from '../support/trees/nasty-tree';

const WRITE_MODES: readonly WriteMode[] = ['inPlace', 'delayed'];

export function testDeletions(mover: Mover): void {
  describe(`what the ${mover.kind} mover may delete`, () => {
    let rig: MoverRig;
    const at = (name: string) => join(rig.sourcePath, name);
    const atTarget = (name: string) => join(rig.targetPath, name);

    beforeEach(async () => {
      rig = await makeMoverRig(mover);
    });
    afterEach(() => rig.dispose());

    async function expectEqual(): Promise<void> {
      expect(await compareTrees(rig.sourcePath, rig.targetPath, { sparseness: true })).toEqual([]);
    }

    describe.each(WRITE_MODES)('writing %s', (writeMode) => {
      it('is refused before anything is written where more would be deleted than allowed, and forgets it', async () => {
        await makeNastyTree(rig.sourcePath);
        await mkdir(at('kept'));
        for (let i = 0; i < 10; i++) await writeFile(at(`kept/old${i}`), String(i));
        await rig.sync({ writeMode });
        const before = await describeTree(rig.targetPath);
        await rename(at('kept'), join(rig.folder, 'aside'));
        await writeFile(at('new'), 'new');
        await writeFile(at('content'), 'changed');
        for (let round = 0; round < 2; round++) {
          const sync = rig.sync({ writeMode, maxDeletions: 4 });
          await expect(sync).rejects.toThrow(errorOfType('ApprovalRequired'));
          await expect(sync).rejects.toThrow(/would delete 11 .*kept\/old\d.* at most 4/);
          expect(await describeTree(rig.targetPath)).toEqual(before);
        }
        // Mended: nothing is held against it.
        await rename(join(rig.folder, 'aside'), at('kept'));
        await rm(at('kept/old1'));
        expect(await rig.sync({ writeMode, maxDeletions: 1 })).toMatchObject({ filesDeleted: 1 });
        await expectEqual();
      });

      it('counts what is in a folder that became something else', async () => {
        await mkdir(at('data/deep'), { recursive: true });
        for (let i = 0; i < 10; i++) await writeFile(at(`data/deep/${i}`), String(i));
        await rig.sync({ writeMode });
        await rename(at('data'), join(rig.folder, 'aside'));
        await symlink(join(rig.folder, 'aside'), at('data'));
        const sync = rig.sync({ writeMode, maxDeletions: 4 });
        await expect(sync).rejects.toThrow(/would delete 11 /);
        expect(await readdir(atTarget('data/deep'))).toHaveLength(10);
        await rig.sync({ writeMode });
        await expectEqual();
      });

      it('deletes what is allowed without a word', async () => {
        for (let i = 0; i < 4; i++) await writeFile(at(`old${i}`), String(i));
        await rig.sync({ writeMode });
        for (let i = 0; i < 4; i++) await rm(at(`old${i}`));
        expect(await rig.sync({ writeMode, maxDeletions: 4 })).toMatchObject({ filesDeleted: 4 });
        await expectEqual();
      });
    });

    it('takes what is excluded later out of the copy, counted like any deletion, and makes room for its name', async () => {
      await mkdir(at('cache/deep'), { recursive: true });
      for (const name of ['page', 'cache/one', 'cache/deep/two', 'cache/keep'])
        await writeFile(at(name), 'x');
      await rig.sync();
      const excluding = moverSpec({ rsync: { exclude: ['/cache/*'], include: ['/cache/keep'] } });
      const refused = rig.sync({ mover: excluding, maxDeletions: 2 });
      await expect(refused).rejects.toThrow(/would delete 3 /);
      expect(await rig.sync({ mover: excluding, maxDeletions: 3 })).toMatchObject({ filesDeleted: 3 });
      expect(await readdir(atTarget('cache'))).toEqual(['keep']);
      expect((await rig.compare({ mover: excluding })).total).toBe(0);
      const whole = moverSpec({ rsync: { exclude: ['/cache/'] } });
      await rig.sync({ mover: whole });
      await writeFile(atTarget('cache'), 'in the way');
      expect(await rig.sync({ mover: whole, maxDeletions: 1 })).toMatchObject({ filesDeleted: 1 });
      expect(await readdir(rig.targetPath)).toEqual(['page']);
    });
  });
}
