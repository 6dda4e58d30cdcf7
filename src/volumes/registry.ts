/** Every kind of volume, and every mover. A new kind adds a folder and a line. */
import type { Host } from '../hosts/contract';
import { TidemarkError } from '../model/errors';
import type { VolumeKind } from '../model/kinds';
import type { Volume } from '../model/records';
import type { MoverSpec } from '../model/spec';
import { blockMover } from '../movers/block';
import type { Mover } from '../movers/contract';
import { rsyncMover } from '../movers/rsync';
import { block } from './block';
import { btrfs } from './btrfs';
import type { KindImplementation, VolumeDriver } from './contract';
import { directory } from './directory';
import { image } from './image';
import { zfs } from './zfs';

/** What each kind is handled by. */
export type Implementations = Readonly<Record<VolumeKind, KindImplementation>>;

export const IMPLEMENTATIONS: Implementations = { directory, zfs, btrfs, image, block };

/** The drivers and movers of one agent. */
export interface Volumes {
  /** The driver of a volume, or of a kind of volume. */
  driverFor(volume: Volume | VolumeKind): VolumeDriver;
  /** The mover that a spec asks for. @throws TidemarkError `InvalidSpec` for one that there is not. */
  moverFor(spec: MoverSpec): Mover;
  /** All of them; those that are no kind's own come first. */
  movers: readonly Mover[];
}

export function makeVolumes(agent: Host, implementations: Implementations = IMPLEMENTATIONS): Volumes {
  const made = Object.entries(implementations).map(([kind, make]) => [kind, make(agent)] as const);
  const kinds = Object.fromEntries(made) as Record<VolumeKind, ReturnType<KindImplementation>>;
  const movers = [
    rsyncMover,
    blockMover,
    ...Object.values(kinds).flatMap(({ mover }) => (mover ? [mover] : [])),
  ];
  return {
    movers,
    driverFor: (volume) => kinds[typeof volume === 'string' ? volume : volume.kind].driver,
    moverFor(spec) {
      const mover = movers.find(({ kind }) => spec[kind] !== undefined);
      if (mover) return mover;
      throw new TidemarkError('InvalidSpec', `no mover of this name: ${Object.keys(spec).join(', ')}`, {
        hint: `one of: ${movers.map(({ kind }) => kind).join(', ')}`,
      });
    },
  };
}
