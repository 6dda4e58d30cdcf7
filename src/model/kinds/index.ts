/** The kinds of volume. A new kind is a file here, a line here, a folder in `src/volumes` and a line in its registry. */
import type { output } from 'zod';
import type { MoverKind } from '../movers';
import { block } from './block';
import { btrfs } from './btrfs';
import { bucket } from './bucket';
import type { KindDeclaration, OptionDeclarations } from './contract';
import { directory } from './directory';
import { image } from './image';
import { COMMON_OPTIONS } from './options';
import { peer } from './peer';
import { pvc } from './pvc';
import { repository } from './repository';
import { zfs } from './zfs';

export const KINDS = { directory, zfs, btrfs, image, block, pvc, repository, bucket, peer };

/** The keys of an endpoint in a spec that name a volume. */
export type VolumeKind = keyof typeof KINDS;

type OwnOptions<Kind> = Kind extends { options: infer Options } ? Options : object;
type All<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer Each) => void
  ? Each
  : never;

/** Every option that an endpoint may have, by its key. */
export type VolumeOptions = typeof COMMON_OPTIONS & All<OwnOptions<(typeof KINDS)[VolumeKind]>>;

/** What an endpoint said by them. */
export type VolumeOptionValues = {
  readonly [Key in keyof VolumeOptions]?: Exclude<output<ReturnType<VolumeOptions[Key]>>, undefined>;
};

export const VOLUME_KINDS = Object.keys(KINDS) as readonly VolumeKind[];

export function declarationOf(kind: VolumeKind): KindDeclaration {
  return KINDS[kind];
}

/** What an endpoint may say about a volume of this kind, by its key. */
export function optionsOf(kind: VolumeKind): OptionDeclarations {
  return { ...COMMON_OPTIONS, ...declarationOf(kind).options };
}

export const VOLUME_OPTIONS: OptionDeclarations = Object.fromEntries(
  VOLUME_KINDS.flatMap((kind) => Object.entries(optionsOf(kind))),
);

/** For each option, the kinds that have it. */
export const KINDS_BY_OPTION: Readonly<Record<string, readonly VolumeKind[]>> = Object.fromEntries(
  Object.keys(VOLUME_OPTIONS).map((option) => [
    option,
    VOLUME_KINDS.filter((kind) => Object.hasOwn(optionsOf(kind), option)),
  ]),
);

/** The mover of a volume kind where a spec names none. */
export function defaultMoverKind(kind: VolumeKind): MoverKind {
  return KINDS[kind].movers[0];
}

/** What writes to a volume of a kind without a host of its own. */
export function writerOf(kind: VolumeKind): MoverKind {
  return declarationOf(kind).writtenBy ?? defaultMoverKind(kind);
}

/** The volume kinds that a mover carries. */
export function kindsCarriedBy(mover: MoverKind): VolumeKind[] {
  return VOLUME_KINDS.filter((kind) => declarationOf(kind).movers.includes(mover));
}

/**
 * A store that its own mover writes to: it keeps notes of what was begun there, and what it holds is brought here to be looked at.
 */
export const isOwnStore = (kind: VolumeKind): boolean =>
  declarationOf(kind).isAtSource === true && writerOf(kind) !== 'rsync';
