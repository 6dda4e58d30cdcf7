/** Every mover. A new one is a folder and a line here. */
import { TidemarkError } from '../model/errors';
import type { MoverSpec } from '../model/spec';
import type { Mover } from './contract';
import { btrfsMover } from '../volumes/btrfs/send';
import { imageMover } from '../volumes/image/send';
import { rsyncMover } from './rsync';
import { zfsMover } from '../volumes/zfs/send';

export const MOVERS: readonly Mover[] = [rsyncMover, zfsMover, btrfsMover, imageMover];

/** The mover that a spec asks for. @throws TidemarkError `InvalidSpec` for one that there is not. */
export function moverFor(spec: MoverSpec): Mover {
  const mover = MOVERS.find(({ kind }) => spec[kind] !== undefined);
  if (mover) return mover;
  throw new TidemarkError('InvalidSpec', `no mover of this name: ${Object.keys(spec).join(', ')}`, {
    hint: `one of: ${MOVERS.map(({ kind }) => kind).join(', ')}`,
  });
}
