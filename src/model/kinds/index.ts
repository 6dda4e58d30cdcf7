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

type Declared = (typeof KINDS)[VolumeKind]['options'];
/** Each key of each kind; kinds that share one declare the same. */
export type VolumeOptions = {
  [Key in Declared extends infer One ? keyof One : never]: Declared extends infer One
    ? Key extends keyof One
      ? One[Key]
      : never
    : never;
};

/** The options of all kinds, by their keys. */
export const VOLUME_OPTIONS = Object.assign(
  {},
  ...Object.values(KINDS).map(({ options }) => options),
) as VolumeOptions;

export const VOLUME_KINDS = Object.keys(KINDS) as readonly VolumeKind[];

/** For each option, the kinds that have it. */
export const KINDS_BY_OPTION: Readonly<Record<string, readonly VolumeKind[]>> = Object.fromEntries(
  Object.keys(VOLUME_OPTIONS).map((option) => [
    option,
    VOLUME_KINDS.filter((kind) => Object.hasOwn(KINDS[kind].options, option)),
  ]),
);

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
