import type { Volume, VolumeKind } from '../model/records';
import { btrfsDriver } from './btrfs';
import type { VolumeDriver } from './contract';
import { directoryDriver } from './directory';
import { imageDriver } from './image';
import { zfsDriver } from './zfs';

/** Every kind of volume that there is; a new kind adds a folder and a line. */
const DRIVERS: Readonly<Record<VolumeKind, VolumeDriver>> = {
  directory: directoryDriver,
  zfs: zfsDriver,
  btrfs: btrfsDriver,
  image: imageDriver,
};

/** The driver of a volume, or of a kind of volume. */
export function driverFor(volume: Volume | VolumeKind): VolumeDriver {
  return DRIVERS[typeof volume === 'string' ? volume : volume.kind];
}
