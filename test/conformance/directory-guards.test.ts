/** What keeps a directory volume from harm: refused folders, lost filesystems, full disks. */
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { directoryDriver as driver } from '../../src/volumes/directory';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { type FilesystemKind, TestFilesystem } from '../support/storage/filesystems';
import { makeStamp, SOURCE, TARGET } from './volume-fixture';
import { pointPath } from '../support/trees/point-path';

let host: Host;
let folder: string;
let filesystem: TestFilesystem | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-guards-'));
  host = makeLocalHost({ name: 'alpha', home: join(folder, 'home') });
});
afterEach(async () => {
  await filesystem?.dispose();
  filesystem = undefined;
  await rm(folder, { recursive: true, force: true });
});

const volumeAt = (path: string) => ({ kind: 'directory' as const, path });
const publish = (path: string, sequence: number, method: 'Snapshot' | 'Clone' | 'HardLink' = 'HardLink') =>
  driver.publish(host, volumeAt(path), {
    relationship: 'wiki',
    stamp: makeStamp(sequence),
    method,
  });

async function makeFilesystem(kind: FilesystemKind, size?: string): Promise<string> {
  filesystem = await TestFilesystem.make(kind, size === undefined ? {} : { size });
  return filesystem.mountPoint;
}

describe('folders that are never volumes', () => {
  it.each(['/', '/etc', '/usr', '/usr/bin', '/var/lib', '/proc/self', '/dev/shm', '/home', '/srv', '//etc/'])(
    'refuses %s as a target',
    async (path) => {
      await expect(driver.claim(host, volumeAt(path), TARGET)).rejects.toMatchObject({ type: 'InvalidSpec' });
    },
  );

  it('refuses a symlink to a system folder', async () => {
    const path = join(folder, 'link');
    await symlink('/etc', path);
    for (const claim of [SOURCE, TARGET]) {
      await expect(driver.check(host, volumeAt(path), claim)).rejects.toMatchObject({ type: 'InvalidSpec' });
    }
  });

  it("refuses to overwrite the agent's own state, and Tidemark's own folders", async () => {
    await mkdir(join(folder, '.tidemark/wiki'), { recursive: true });
    for (const path of [folder, host.home, join(folder, '.tidemark/wiki')]) {
      await expect(driver.claim(host, volumeAt(path), TARGET)).rejects.toMatchObject({ type: 'InvalidSpec' });
    }
  });

  it('refuses what is no directory', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    await expect(driver.check(host, volumeAt(path), TARGET)).rejects.toMatchObject({ type: 'VolumeMissing' });
  });

  it('refuses names that lead out of its own folders', async () => {
    const path = join(folder, 'volume');
    await mkdir(path);
    for (const relationship of ['..', 'a/b', '-rf', 'state.json', '']) {
      const asked = driver.release(host, volumeAt(path), { relationship, keepSyncIds: [] });
      await expect(asked).rejects.toMatchObject({ type: 'InvalidSpec' });
    }
  });
});

describe('a volume that is not there', () => {
  it('is refused as a source, and made as a target', async () => {
    const volume = volumeAt(join(folder, 'a/b/wiki'));
    await expect(driver.check(host, volume, SOURCE)).rejects.toMatchObject({ type: 'VolumeMissing' });
    await driver.check(host, volume, TARGET);
    expect(await driver.inspect(host, volume)).toMatchObject({ exists: false, empty: true });
    await driver.claim(host, volume, TARGET);
    expect((await stat(volume.path)).isDirectory()).toBe(true);
  });

  it('is refused where the spec wants a mounted filesystem', async () => {
    const volume = {
      ...volumeAt(join('/var/tidemark-not-mounted', 'wiki')),
      options: { mustBeMounted: true },
    };
    await expect(driver.claim(host, volume, TARGET)).rejects.toMatchObject({ type: 'NotMounted' });
    await expect(stat(volume.path)).rejects.toThrow('ENOENT');
  });

  it.each(['', '/wiki'])(
    'is refused when the filesystem below it is gone (volume: mount point%s)',
    async (inside) => {
      const volume = volumeAt(`${await makeFilesystem('ext4')}${inside}`);
      await driver.claim(host, volume, TARGET);
      await writeFile(join(volume.path, 'file'), 'x');
      await publish(volume.path, 1);
      await filesystem?.unmount();
      const type = inside === '' ? 'NotMounted' : 'VolumeMissing';
      const details = { hint: expect.stringContaining('tidemark approve wiki') as unknown };
      await expect(driver.check(host, volume, TARGET)).rejects.toMatchObject({ type, details });
      await expect(driver.claim(host, volume, TARGET)).rejects.toMatchObject({ type, details });
      expect(await readdir(filesystem?.mountPoint ?? '')).toEqual([]);
      await filesystem?.mount();
      await driver.claim(host, volume, TARGET);
      expect(await driver.points(host, volume, 'wiki')).toHaveLength(1);
    },
  );

  it('is taken as new once a user approved it', async () => {
    const volume = volumeAt(await makeFilesystem('tmpfs'));
    await driver.claim(host, volume, TARGET);
    await filesystem?.unmount();
    await filesystem?.mount();
    await expect(driver.claim(host, volume, TARGET)).rejects.toMatchObject({ type: 'NotMounted' });
    await driver.check(host, volume, TARGET, { approved: true });
    await driver.claim(host, volume, TARGET, { approved: true });
    await driver.check(host, volume, TARGET);
  });

  it('is free of the past once its relationship is forgotten', async () => {
    const volume = volumeAt(await makeFilesystem('tmpfs'));
    await driver.claim(host, volume, TARGET);
    await filesystem?.unmount();
    await driver.disclaim(host, volume, 'wiki');
    await filesystem?.mount();
    await driver.claim(host, volume, TARGET);
  });
});

describe('where Tidemark keeps its own files', () => {
  it('is beside a directory, which stays as it was', async () => {
    const path = join(folder, 'wiki');
    await mkdir(path);
    const before = await describeTree(path);
    await driver.claim(host, volumeAt(path), SOURCE);
    expect(await readdir(path)).toEqual([]);
    expect(await describeTree(path)).toEqual(before);
    expect((await stat(join(folder, '.tidemark'))).mode & 0o777).toBe(0o700);
  });

  it.each(['btrfs', 'xfs', 'ext4'] as const)('is in a whole %s, and in none of its copies', async (kind) => {
    const path = await makeFilesystem(kind);
    await writeFile(join(path, 'file'), 'x');
    await driver.claim(host, volumeAt(path), TARGET);
    const { points, empty } = await driver.inspect(host, volumeAt(path));
    expect(empty).toBe(false);
    for (const [index, method] of points.filter((method) => method !== 'Direct').entries()) {
      const point = await publish(path, index + 1, method);
      const tree = await pointPath(driver, host, volumeAt(path), 'wiki', point.id);
      const names = (await readdir(tree)).filter((name) => name !== 'lost+found');
      // A snapshot shows an empty folder where the subvolume of the other files is.
      expect(names).toEqual(method === 'Snapshot' ? ['.tidemark', 'file'] : ['file']);
      if (method === 'Snapshot') expect(await readdir(join(tree, '.tidemark'))).toEqual([]);
    }
  });

  it('does not stay behind after a look', async () => {
    const path = join(await makeFilesystem('xfs'), 'wiki');
    await mkdir(path);
    await driver.inspect(host, volumeAt(path));
    expect(await readdir(filesystem?.mountPoint ?? '')).toEqual(['wiki']);
    expect(await readdir(path)).toEqual([]);
  });

  it('is nowhere for a source that can only be read', async () => {
    const path = await makeFilesystem('xfs');
    await writeFile(join(path, 'file'), 'x');
    await filesystem?.unmount();
    await filesystem?.mount(['ro']);
    await driver.claim(host, volumeAt(path), SOURCE);
    await driver.check(host, volumeAt(path), SOURCE);
    const { capture, whyNot } = await driver.inspect(host, volumeAt(path));
    expect(capture).toEqual(['Direct']);
    expect(whyNot.Clone).toContain('read-only');
    const request = { relationship: 'wiki', syncId: 'wiki-1', method: 'Clone' } as const;
    await expect(driver.capture(host, volumeAt(path), request)).rejects.toMatchObject({
      type: 'UnsupportedCapture',
    });
    await driver.release(host, volumeAt(path), { relationship: 'wiki', keepSyncIds: [] });
  });
});

describe('a target on btrfs', () => {
  const inodeOf = async (path: string) => (await stat(path)).ino;
  const SUBVOLUME = 256;

  it('becomes a subvolume where it was missing', async () => {
    const path = join(await makeFilesystem('btrfs'), 'deep/wiki');
    await driver.claim(host, volumeAt(path), TARGET);
    expect(await inodeOf(path)).toBe(SUBVOLUME);
    expect((await driver.inspect(host, volumeAt(path))).points[0]).toBe('Snapshot');
  });

  it('becomes one in place of an empty directory, of the same owner and mode', async () => {
    const path = join(await makeFilesystem('btrfs'), 'wiki');
    await mkdir(path);
    await chown(path, 1234, 4321);
    await chmod(path, 0o2751);
    await driver.claim(host, volumeAt(path), TARGET);
    expect(await stat(path)).toMatchObject({ ino: SUBVOLUME, uid: 1234, gid: 4321, mode: 0o42751 });
  });

  it('stays what it is where there are files in it', async () => {
    const path = join(await makeFilesystem('btrfs'), 'wiki');
    await mkdir(path);
    await writeFile(join(path, 'file'), 'x');
    await driver.claim(host, volumeAt(path), TARGET);
    const { points, whyNot } = await driver.inspect(host, volumeAt(path));
    expect(points).toEqual(['Clone', 'HardLink', 'Direct']);
    expect(whyNot.Snapshot).toContain('btrfs subvolume create');
  });

  it('has points that nobody can write to', async () => {
    const path = join(await makeFilesystem('btrfs'), 'wiki');
    await driver.claim(host, volumeAt(path), TARGET);
    const point = await publish(path, 1, 'Snapshot');
    const tree = await pointPath(driver, host, volumeAt(path), 'wiki', point.id);
    await expect(writeFile(join(tree, 'file'), 'x')).rejects.toThrow('EROFS');
  });
});

describe('what was cut off', () => {
  it('is swept: trees half-made or without a point, and records never finished', async () => {
    const path = join(folder, 'wiki');
    await driver.claim(host, volumeAt(path), TARGET);
    await writeFile(join(path, 'file'), 'x');
    const point = await publish(path, 1);
    const own = join(folder, '.tidemark/wiki/wiki');
    await mkdir(join(own, 'trees/0000.partial/deep'), { recursive: true });
    await mkdir(join(own, 'trees/0000-without-a-point'));
    await writeFile(join(own, 'points/point-000009.json.0000.tmp'), '{');
    await writeFile(
      join(own, 'points/point-000008.json'),
      JSON.stringify({ point: { ...point, id: 'point-000008' }, tree: '0000-gone' }),
    );
    expect(await driver.points(host, volumeAt(path), 'wiki')).toEqual([point]);
    await driver.prune(host, volumeAt(path), { relationship: 'wiki', removePointIds: [] });
    expect(await readdir(join(own, 'trees'))).toEqual([point.identity]);
    expect(await readdir(join(own, 'points'))).toEqual([`${point.id}.json`]);
    expect(await driver.points(host, volumeAt(path), 'wiki')).toEqual([point]);
  });

  it('of a capture is not taken for one', async () => {
    const path = join(await makeFilesystem('xfs'), 'wiki');
    await mkdir(path);
    await writeFile(join(path, 'file'), 'x');
    await driver.claim(host, volumeAt(path), SOURCE);
    const captures = join(filesystem?.mountPoint ?? '', '.tidemark/wiki/wiki/captures');
    await mkdir(join(captures, 'wiki-1.0000.partial'), { recursive: true });
    const request = { relationship: 'wiki', syncId: 'wiki-1', method: 'Clone' } as const;
    const captured = await driver.capture(host, volumeAt(path), request);
    expect(await compareTrees(path, captured.path)).toEqual([]);
    await driver.release(host, volumeAt(path), { relationship: 'wiki', keepSyncIds: ['wiki-1'] });
    expect(await readdir(captures)).toEqual(['wiki-1']);
  });
});

describe('a disk that is full', () => {
  it('leaves the last point whole, and takes the next one when there is room again', async () => {
    const mount = await makeFilesystem('ext4', '24M');
    const path = join(mount, 'wiki');
    await driver.claim(host, volumeAt(path), TARGET);
    await writeFile(join(path, 'small'), 'x');
    const first = await publish(path, 1);
    const tree = await pointPath(driver, host, volumeAt(path), 'wiki', first.id);
    const before = await describeTree(tree);
    const { freeBytes } = await driver.inspect(host, volumeAt(path));
    await writeFile(join(path, 'big'), Buffer.alloc(Math.floor(freeBytes * 0.7), 1));
    await expect(publish(path, 2)).rejects.toMatchObject({
      type: 'TargetFull',
      details: { toolMessage: expect.stringContaining('No space left') as unknown },
    });
    expect(await driver.points(host, volumeAt(path), 'wiki')).toEqual([first]);
    expect(await describeTree(tree)).toEqual(before);
    await rm(join(path, 'big'));
    await publish(path, 2);
  });
});

describe('more than a tool can take', () => {
  it('is refused by Clone in words that name what works', async () => {
    const path = await makeFilesystem('xfs');
    const name = 'n'.repeat(250);
    for (let index = 0; index < 6000; index++) await writeFile(join(path, `${name}${index}`), '');
    await driver.claim(host, volumeAt(path), TARGET);
    await expect(publish(path, 1, 'Clone')).rejects.toMatchObject({
      type: 'UnsupportedCapture',
      message: expect.stringContaining('too many entries') as unknown,
    });
  });
});

it('leaves out what is mounted inside of a volume, and keeps the place for it', async () => {
  const path = await makeFilesystem('xfs');
  for (const point of ['mounted', 'deep/mounted']) {
    await mkdir(join(path, point), { recursive: true });
    await runChecked(host, ['mount', '-t', 'tmpfs', 'tmpfs', join(path, point)]);
    await writeFile(join(path, point, 'not-ours'), 'x');
  }
  try {
    await driver.claim(host, volumeAt(path), TARGET);
    for (const [index, method] of (['Clone', 'HardLink'] as const).entries()) {
      const point = await publish(path, index + 1, method);
      const tree = await pointPath(driver, host, volumeAt(path), 'wiki', point.id);
      for (const name of ['mounted', 'deep/mounted']) {
        expect((await lstat(join(tree, name))).isDirectory()).toBe(true);
        expect(await readdir(join(tree, name))).toEqual([]);
      }
    }
  } finally {
    for (const point of ['mounted', 'deep/mounted']) await runChecked(host, ['umount', join(path, point)]);
  }
});
