/** The kinds of volume. A new kind is a file here, a line here, a folder in `src/volumes` and a line in its registry. */
import type { MoverKind } from '../movers';
import { btrfs } from './btrfs';
import type { KindDeclaration } from './contract';
import { directory } from './directory';
import { image } from './image';
import { zfs } from './zfs';

export const KINDS = { directory, zfs, btrfs, image };

/** The keys of an endpoint in a spec that name a volume. */
export type VolumeKind = keyof typeof KINDS;

export const VOLUME_KINDS = Object.keys(KINDS) as readonly VolumeKind[];

export function declarationOf(kind: VolumeKind): KindDeclaration {
  return KINDS[kind];
}

/** The mover of a volume kind where a spec names none. */
export function defaultMoverKind(kind: VolumeKind): MoverKind {
  return KINDS[kind].movers[0];
}

/** The volume kinds that a mover carries. */
export function kindsCarriedBy(mover: MoverKind): VolumeKind[] {
  return VOLUME_KINDS.filter((kind) => declarationOf(kind).movers.includes(mover));
}
