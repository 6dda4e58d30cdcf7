/** Contents that size and time don't tell of are seen all the same. */
import {
  chmod,
  chown,
  copyFile,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Progress } from '../../src/model/records';
import { rsyncMover } from '../../src/movers/rsync';
import { compareTrees } from '../support/trees/compare-trees';
import { errorOfType } from '../support/expect-type';
import {
  makeMoverRig,
  moverSpec,
  outlastGrain,
  type MoverRig,
  type SyncOptions,
} from '../support/rigs/mover-rig';

const MiB = 1024 ** 2;

let rig: MoverRig;
const at = (name: string) => join(rig.sourcePath, name);
const atTarget = (name: string) => join(rig.targetPath, name);

beforeEach(async () => {
  rig = await makeMoverRig(rsyncMover);
  for (const name of ['one', 'two', 'a/x', 'b/x', 'calm/1', 'calm/2', "#odd\n 'name"]) {
    await mkdir(join(at(name), '..'), { recursive: true });
    await writeFile(at(name), `content of ${name}`.padEnd(30));
    await utimes(at(name), 1_000_000_000, 1_000_000_000);
  }
  await outlastGrain();
});
afterEach(() => rig.dispose());

/** Writes as a program does that sets the time back. */
async function rewrite(path: string): Promise<void> {
  const { atime, mtime, size } = await stat(path);
  await writeFile(path, `${Math.random()}`.padEnd(size));
  await utimes(path, atime, mtime);
}

async function expectEqual(): Promise<void> {
  expect(await compareTrees(rig.sourcePath, rig.targetPath)).toEqual([]);
}

describe.each(['inPlace', 'delayed'] as const)('of equal size and time, writing %s,', (writeMode) => {
  const sync = async (options: SyncOptions = {}) => {
    await outlastGrain();
    return rig.sync({ writeMode, maxDeletions: 5, ...options });
  };

  it('a file that was written to, copied over, or swapped with another is sent', async () => {
    await sync();
    await rewrite(at('one'));
    await rewrite(at("#odd\n 'name"));
    await rename(at('a'), at('c'));
    await rename(at('b'), at('a'));
    await rename(at('c'), at('b'));
    // And folders, whose times differ.
    expect((await sync()).filesChanged).toBeGreaterThanOrEqual(4);
    await expectEqual();
    expect((await sync()).filesChanged).toBe(0);
  });

  it('names of one file are sent as one', async () => {
    await link(at('one'), at('deep link'));
    await sync();
    await rewrite(at('one'));
    await sync();
    await expectEqual();
  });

  it('what is new in a folder whose name was a file makes no harm, nor what is excluded', async () => {
    const excluding = { mover: moverSpec({ rsync: { exclude: ['/calm/'] } }) };
    await sync(excluding);
    await rewrite(at('calm/1'));
    await rm(at('one'));
    await mkdir(at('one'));
    await copyFile(at('two'), at('one/two'));
    await sync(excluding);
    expect((await rig.compare(excluding)).total).toBe(0);
    await expect(stat(atTarget('calm'))).rejects.toThrow('ENOENT');
  });

  it('what a broken attempt brought is compared again', async () => {
    await sync();
    await writeFile(at('new'), 'x'.repeat(30));
    await utimes(at('new'), 1_000_000_000, 1_000_000_000);
    const confirmed = 'wiki-1';
    // Brought, but never confirmed by a point.
    await sync();
    await rewrite(at('new'));
    await sync({ confirmed });
    await expectEqual();
  });

  it('what changed in plain sight is not compared first, and progress tells of what has to be sent', async () => {
    const follow = async (options: SyncOptions = {}) => {
      const seen: Progress[] = [];
      await writeFile(at('big'), randomBytes(4 * MiB));
      await sync({ ...options, onProgress: (progress) => seen.push(progress) });
      return {
        phases: seen.map(({ phase }) => phase),
        last: seen.findLast(({ bytesDone }) => bytesDone > 0),
      };
    };
    await writeFile(at('calm/big'), randomBytes(8 * MiB));
    await follow();
    await follow();
    const usual = await follow();
    expect(usual.phases).not.toContain('comparing');
    expect(usual.last).toMatchObject({ bytesTotal: 4 * MiB });
    // The point of the sync before was never made.
    const { phases, last } = await follow({ confirmed: 'wiki-2' });
    expect(phases).toContain('comparing');
    expect(last).toMatchObject({ bytesTotal: 4 * MiB });
  });

  it('what others wrote to at the target is put right, and left as it is by a sync that is refused', async () => {
    const odd = "#odd\n 'name";
    await sync();
    await rewrite(atTarget('one'));
    await rewrite(atTarget(odd));
    await writeFile(atTarget('theirs'), 'not at the source');
    const found = await Promise.all(['one', odd].map((name) => stat(atTarget(name))));
    await rm(at('calm'), { recursive: true });
    await rm(at('two'));
    await mkdir(at('two'));
    await rm(at('a'), { recursive: true });
    await symlink('b', at('a'));
    await rm(at('b'), { recursive: true });
    await writeFile(at('b'), 'a file by now');
    const written = ['./one', `./${odd}`, './theirs', './two', './a/x', './b/x'];
    await expect(sync({ written, maxDeletions: 1 })).rejects.toThrow(errorOfType('ApprovalRequired'));
    expect(await Promise.all(['one', odd].map((name) => stat(atTarget(name))))).toEqual(found);
    await sync({ written, maxDeletions: 10 });
    await expectEqual();
    expect((await sync()).filesChanged).toBe(0);
  });

  it.each([
    ['nothing is remembered', null],
    ['the fingerprint is lost', 'wiki-99'],
  ] as const)('everything is compared where %s', async (_name, confirmed) => {
    await sync();
    await rewrite(at('two'));
    await sync({ confirmed });
    await expectEqual();
  });

  it('nothing is read that did not change', async () => {
    await sync();
    const { atimeMs } = await stat(atTarget('calm/1'));
    await rewrite(at('one'));
    const { bytesSent } = await sync();
    expect(bytesSent).toBeLessThan(5000);
    expect((await stat(atTarget('calm/1'))).atimeMs).toBe(atimeMs);
  });

  it('a clone of the source is judged by its live volume', async () => {
    const clone = join(rig.folder, 'clone');
    const takeClone = () => rig.source.run(['cp', '-a', rig.sourcePath, clone]);
    const viaClone = { sourcePath: clone, livePath: rig.sourcePath };
    await takeClone();
    await sync(viaClone);
    await rm(clone, { recursive: true });
    await rewrite(at('one'));
    await rewrite(at('two'));
    await takeClone();
    const wanted = await readFile(at('two'), 'utf8');
    // After the clone was made, and not in it.
    await rm(at('two'));
    await sync(viaClone);
    expect(await readFile(atTarget('two'), 'utf8')).toBe(wanted);
    expect(await compareTrees(clone, rig.targetPath)).toEqual([]);
  });
});

describe.each([false, true])(
  'names of one file that part keep nothing of each other, by checksum: %s',
  (checksum) => {
    const mover = moverSpec({ rsync: { checksum } });
    const privates = ['one, private', 'empty, private'];
    const sync = (options = {}) => rig.sync({ writeMode: 'delayed', maxDeletions: 5, mover, ...options });

    beforeEach(async () => {
      await writeFile(at('empty'), '');
      for (const name of ['one', 'empty']) {
        await link(at(name), at(`${name}, private`));
        await link(at(name), at(`${name}, still`));
      }
      await outlastGrain();
      await sync();
    });

    async function part(name: string) {
      await rig.source.run(['cp', '-p', '--', at(name), at('fresh')]);
      await chmod(at('fresh'), 0o600);
      await chown(at('fresh'), 1234, 1234);
      await rename(at('fresh'), at(name));
    }

    it('with the same content and time', async () => {
      for (const name of privates) await part(name);
      await sync();
      await expectEqual();
    });

    it('with a new time that both have', async () => {
      for (const name of privates) {
        await utimes(at(name), 1_000_000, 1_000_000);
        await part(name);
      }
      await sync();
      await expectEqual();
    });

    it('where nothing is remembered, and next to others that are one file still', async () => {
      for (const name of privates) await part(name);
      await link(at('two'), at('two, too'));
      await link(atTarget('two'), atTarget('two, too'));
      await sync({ confirmed: null });
      await expectEqual();
    });
  },
);

it('what changes between the making of a clone and the look at its live volume is sent next time', async () => {
  const clone = join(rig.folder, 'clone');
  const viaClone = { sourcePath: clone, livePath: rig.sourcePath };
  await rig.source.run(['cp', '-a', rig.sourcePath, clone]);
  await rewrite(at('one'));
  await rig.sync(viaClone);
  await rm(clone, { recursive: true });
  await rig.source.run(['cp', '-a', rig.sourcePath, clone]);
  await rig.sync(viaClone);
  await expectEqual();
});
