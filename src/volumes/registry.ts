/** Every kind of volume, and every mover. A new kind adds a folder and a line. */
import { TidemarkError } from '../model/errors';
import type { VolumeKind } from '../model/kinds';
import type { Volume } from '../model/records';
import type { MoverSpec } from '../model/spec';
import type { Mover } from '../movers/contract';
import { rsyncMover } from '../movers/rsync';
import { btrfs } from './btrfs';
import type { KindImplementation, VolumeDriver } from './contract';
import { directory } from './directory';
import { image } from './image';
import { zfs } from './zfs';

const KINDS: Readonly<Record<VolumeKind, KindImplementation>> = { directory, zfs, btrfs, image };

/** Those that are no kind's own come first. */
export const MOVERS: readonly Mover[] = [
  rsyncMover,
  ...Object.values(KINDS).flatMap(({ mover }) => (mover ? [mover] : [])),
];

/** The driver of a volume, or of a kind of volume. */
export function driverFor(volume: Volume | VolumeKind): VolumeDriver {
  return KINDS[typeof volume === 'string' ? volume : volume.kind].driver;
}

/** The mover that a spec asks for. @throws TidemarkError `InvalidSpec` for one that there is not. */
export function moverFor(spec: MoverSpec): Mover {
  const mover = MOVERS.find(({ kind }) => spec[kind] !== undefined);
  if (mover) return mover;
  throw new TidemarkError('InvalidSpec', `no mover of this name: ${Object.keys(spec).join(', ')}`, {
    hint: `one of: ${MOVERS.map(({ kind }) => kind).join(', ')}`,
  });
}
