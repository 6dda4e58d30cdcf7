/** More names of one file than a filesystem takes, counted over all recovery points: what can't be shared is copied. */
import { linkSync } from 'node:fs';
import { link, mkdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { directoryDriver } from '../../src/volumes/directory';
import { compareTrees } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeStamp, TARGET } from './volume-fixture';
import { pointPath } from '../support/trees/point-path';

describe('a file that has as many names in older points as its filesystem takes', () => {
  const relationship = 'wiki';
  const names = ['a', 'b', 'c', 'd/e', 'd/f\n'];
  let filesystem: TestFilesystem;
  let host: Host;
  const volume = () => ({ kind: 'directory' as const, path: join(filesystem.mountPoint, 'replica') });
  const at = (name: string) => join(volume().path, name);
  const publish = async (sequence: number) => {
    const request = {
      relationship,
      method: 'HardLink' as const,
      unchanged: false,
      stamp: makeStamp(sequence),
    };
    const { id } = await directoryDriver.publish(host, volume(), request);
    return pointPath(directoryDriver, host, volume(), relationship, id);
  };

  beforeAll(async () => {
    filesystem = await TestFilesystem.make('ext4');
    host = makeLocalHost({ name: 'alpha', home: join(filesystem.mountPoint, 'home') });
  });
  afterAll(() => filesystem.dispose());

  it('is copied for the next point, which is whole, and shared again from then on', async () => {
    await mkdir(at('d'), { recursive: true });
    await directoryDriver.claim(host, volume(), TARGET);
    await writeFile(at('other'), 'other');
    await mkdir(at('z/z'), { recursive: true });
    await writeFile(at('z/z/last'), 'last');
    await writeFile(at('a'), 'content');
    for (const name of names.slice(1)) await link(at('a'), at(name));
    const first = await publish(1);
    // As many names as leave room for three more.
    const ballast = join(filesystem.mountPoint, 'ballast');
    await mkdir(ballast);
    for (let index = (await stat(join(first, 'a'))).nlink; index < 65_000 - 3; index++)
      linkSync(join(first, 'a'), join(ballast, String(index)));

    await writeFile(at('changed'), 'x');
    const second = await publish(2);
    expect(await compareTrees(volume().path, second)).toEqual([]);
    expect((await stat(join(second, 'a'))).nlink).toBe(names.length);
    for (const name of ['other', 'z/z/last'])
      expect((await stat(join(second, name))).ino).toBe((await stat(join(first, name))).ino);

    await writeFile(at('changed'), 'y');
    const third = await publish(3);
    expect(await compareTrees(volume().path, third)).toEqual([]);
    expect((await stat(join(third, 'a'))).ino).toBe((await stat(join(second, 'a'))).ino);

    await unlink(at('b'));
    await writeFile(at('a'), 'CONTENT');
    const cloned = await directoryDriver.clone(host, volume(), {
      ...{ relationship, pointId: makeStamp(1).id, cloneId: 'drill-1' },
    });
    expect(await compareTrees(first, cloned.path)).toEqual([]);
    await directoryDriver.rollback(host, volume(), { relationship, pointId: makeStamp(1).id });
    expect(await compareTrees(first, volume().path)).toEqual([]);
    await directoryDriver.prune(host, volume(), { relationship, removePointIds: [makeStamp(2).id] });
    expect(await compareTrees(volume().path, first)).toEqual([]);
  }, 60_000);
});
