/** What a target lacks that is full is known: space, inodes, or what a quota leaves. */
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { directoryDriver } from '../../src/volumes/directory';
import { zfsDriver } from '../../src/volumes/zfs';
import { TestFilesystem, type FilesystemKind } from '../support/storage/filesystems';
import { TestPool } from '../support/storage/zfs';

const MIB = 1024 ** 2;
const host = makeLocalHost({ name: 'beta', home: join(tmpdir(), 'tidemark-room') });
const run = (...argv: string[]) => runChecked(host, argv);

async function onFilesystem(
  kind: FilesystemKind,
  size: string | undefined,
  test: (mountPoint: string) => Promise<void>,
): Promise<void> {
  const filesystem = await TestFilesystem.make(kind, size === undefined ? {} : { size });
  try {
    await test(filesystem.mountPoint);
  } finally {
    await filesystem.dispose();
  }
}

it('inodes that have run out are told from space, and there are none to tell of on btrfs', async () => {
  await onFilesystem('ext4', '8M', async (mountPoint) => {
    const volume = { kind: 'directory' as const, path: join(mountPoint, 'wiki') };
    await mkdir(volume.path);
    const { inodes, freeBytes } = await directoryDriver.inspect(host, volume);
    for (let count = 0; count < (inodes?.free ?? 0); count++)
      await writeFile(join(volume.path, `empty-${count}`), '');
    const after = await directoryDriver.inspect(host, volume);
    expect(after.inodes).toEqual({ free: 0, total: inodes?.total });
    expect(after.freeBytes).toBeGreaterThan(freeBytes / 2);
  });
  await onFilesystem('btrfs', undefined, async (path) => {
    expect(await directoryDriver.inspect(host, { kind: 'directory', path })).not.toHaveProperty('inodes');
  });
});

it('a quota of btrfs that leaves less than the filesystem has is told, with what raises it', async () => {
  await onFilesystem('btrfs', undefined, async (mountPoint) => {
    const path = join(mountPoint, 'wiki');
    const volume = { kind: 'directory' as const, path: join(path, 'folder') };
    await run('btrfs', 'subvolume', 'create', path);
    await mkdir(volume.path);
    expect(await directoryDriver.quota?.(host, volume)).toBeUndefined();
    await run('btrfs', 'quota', 'enable', mountPoint);
    expect(await directoryDriver.quota?.(host, volume)).toBeUndefined();
    await run('btrfs', 'qgroup', 'limit', '16M', path);
    await writeFile(join(volume.path, 'file'), Buffer.alloc(9 * MIB, 'x'));
    await run('sync', '-f', path);
    const quota = await directoryDriver.quota?.(host, volume);
    expect(quota).toMatchObject({ bytes: 16 * MIB, hint: expect.stringContaining(volume.path) as unknown });
    expect(quota?.usedBytes).toBeGreaterThan(9 * MIB);
    expect(quota?.freeOutsideBytes).toBeGreaterThan(100 * MIB);
    // The hint, word for word.
    const [, command = ''] = quota?.hint.split(': ') ?? [];
    await run(...command.replace('SIZE', '900M').split(' '));
    expect(await directoryDriver.quota?.(host, volume)).toBeUndefined();
  });
});

it('a quota of ZFS that leaves less than the pool has is told, with what raises it', async () => {
  const pool = await TestPool.make();
  try {
    const [above, path] = [pool.dataset('above'), pool.dataset('above/wiki')];
    await run('zfs', 'create', '-p', path);
    expect(await zfsDriver.quota?.(host, { kind: 'zfs', path })).toBeUndefined();
    await run('zfs', 'set', 'quota=16M', above);
    const quota = await zfsDriver.quota?.(host, { kind: 'zfs', path });
    expect(quota).toMatchObject({ what: `quota of ${above}`, bytes: 16 * MIB });
    const [, command = ''] = quota?.hint.split(': ') ?? [];
    await run(...command.replace('SIZE', 'none').split(' '));
    // Of one that is not there yet, too.
    await run('zfs', 'set', 'quota=16M', above);
    expect(await zfsDriver.quota?.(host, { kind: 'zfs', path: `${above}/new` })).toMatchObject({
      what: `quota of ${above}`,
    });
  } finally {
    await pool.dispose();
  }
});
