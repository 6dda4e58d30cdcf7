import type { Volume } from '../model/records';
import type { VolumeDriver } from './contract';
import { directoryDriver } from './directory';

/** Every kind of volume that there is; a new kind adds a folder and a line. */
const DRIVERS: Readonly<Record<Volume['kind'], VolumeDriver>> = {
  directory: directoryDriver,
};

/** The driver of a volume, or of a kind of volume. */
export function driverFor(volume: Volume | Volume['kind']): VolumeDriver {
  return DRIVERS[typeof volume === 'string' ? volume : volume.kind];
}
