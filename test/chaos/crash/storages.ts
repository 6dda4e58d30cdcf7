/** The storages that crashes are played on, by name. */
import { TestFilesystem } from '../../support/storage/filesystems';
import { TestPool } from '../../support/storage/zfs';
import { Images } from './images';
import type { Storage } from './storage';
import { Datasets, Folders } from './trees';

/** Directories on two filesystems, the kinds that are sent by identity, and stores of images. */
export const STORAGES = ['btrfs', 'ext4', 'zfs', 'btrfs send', 'image'] as const;
export type StorageName = (typeof STORAGES)[number];

export async function makeStorage(name: StorageName): Promise<Storage> {
  switch (name) {
    case 'image':
      return await Images.make();
    case 'zfs':
      return new Datasets(await TestPool.make({ size: '1G' }));
    case 'ext4':
      return new Folders(await TestFilesystem.make('ext4', { size: '512M' }), 'directory');
    case 'btrfs':
    case 'btrfs send':
      return new Folders(
        await TestFilesystem.make('btrfs', { size: '512M' }),
        name === 'btrfs send' ? 'btrfs' : 'directory',
      );
  }
}
