/** The options that rsync is started with. Pure; the very same for the offer and for the transfer. */
import { blockOptions } from '../../model/movers';
import type { MoverSpec } from '../../model/spec';
import { sizeToBytes } from '../../model/units';
import { SILENCE_WHEN_SUMMING_SECONDS } from '../rsync/one-file';
import type { Found } from './look';

export type Kind = Found['kind'];

/**
 * Of which rsync sums up the blocks that it compares: the largest it takes, and a multiple of every page and sector. Measured
 * on 10 GiB of zeros: 9 s, and 54 s with the 101 KiB that rsync itself would choose.
 */
export const BLOCK_BYTES = 128 * 1024;

/**
 * Options of the client, without `-e`, source and destination. Always by content: times prove nothing of a device.
 * Between two files, owner, mode and time go along; of a device they say nothing.
 */
export function makeClientOptions(mover: MoverSpec, from: Kind, to: Kind): string[] {
  const { bandwidthLimit, compress } = blockOptions(mover);
  return [
    '--ignore-times',
    '--inplace',
    `--block-size=${BLOCK_BYTES}`,
    ...(from === 'file' && to === 'file' ? ['-togp', '--numeric-ids'] : []),
    ...(from === 'device' ? ['--copy-devices'] : []),
    ...(to === 'device' ? ['--write-devices'] : []),
    `--timeout=${SILENCE_WHEN_SUMMING_SECONDS}`,
    ...(bandwidthLimit ? [`--bwlimit=${Math.max(1, Math.round(sizeToBytes(bandwidthLimit) / 1024))}`] : []),
    ...(compress === 'none' ? [] : ['--compress', `--compress-choice=${compress}`]),
    '--no-human-readable',
    '--info=progress2,stats2',
    '--out-format=%i',
  ];
}
