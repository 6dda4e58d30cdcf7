/** The movers. A new one is a file here, a line here, and its implementation in a registry. */
import type { output } from 'zod';
import { block } from './block';
import { btrfs } from './btrfs';
import type { MoverDeclaration } from './contract';
import { image } from './image';
import { push } from './push';
import { rclone } from './rclone';
import { restic } from './restic';
import { rsync } from './rsync';
import { zfs } from './zfs';

export { blockOptions, type BlockSpec } from './block';
export { type BtrfsSpec } from './btrfs';
export { type ImageSpec } from './image';
export { filtersOf, type RsyncSpec, rsyncOptions, toRestore, withFilters } from './rsync';
export { type ZfsSpec, zfsOptions } from './zfs';

export const MOVERS = { rsync, zfs, btrfs, image, block, restic, rclone, push };

/** The keys by which a mover is chosen. */
export type MoverKind = keyof typeof MOVERS;

export const MOVER_KINDS = Object.keys(MOVERS) as readonly MoverKind[];

/** `spec.mover`: the options of one mover under its key. */
export type MoverSpec = {
  [Kind in MoverKind]?: output<ReturnType<(typeof MOVERS)[Kind]['schema']>> | undefined;
};

/** What the mover that a spec asks for declares; of a restore, which reads trees, the first one. */
export function declarationOfMover(spec: MoverSpec): MoverDeclaration {
  const kind = MOVER_KINDS.find((key) => spec[key] !== undefined);
  return MOVERS[kind ?? 'rsync'];
}

/** It sends from a state that both sides hold by identity, as `planStream` chooses it. */
export function sendsStates(spec: MoverSpec): boolean {
  return declarationOfMover(spec).base === 'states';
}

/** More than one tree is sent, as one state: datasets with all below them, subvolumes with all inside. */
export function sendsManyTrees({ zfs: datasets, btrfs: subvolumes }: MoverSpec): boolean {
  return datasets?.recursive === true || subvolumes?.nested === true;
}
