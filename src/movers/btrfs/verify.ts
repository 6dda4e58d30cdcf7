/** Compares a received state with its source, file by file. */
import { mergeLeftOut } from '../../model/left-out';
import type { Difference } from '../../model/records';
import type { Mover } from '../contract';
import { verify as compareFiles } from '../rsync/verify';

/**
 * `btrfs receive` makes each new entry in the root under a name of its own and moves it: where the root itself did not
 * change at the source, it keeps the time of that.
 */
const isTimeOfReceiving = ({ path, what, changedSince }: Difference) =>
  path === '.' && !changedSince && what.length === 1 && what[0] === 'time';

/** `verify` of the mover contract. */
export const verify: Mover['verify'] = async (host, request) => {
  const { differences, total, unexplained, ...comparison } = await compareFiles(host, request);
  const compared = differences.filter((difference) => !isTimeOfReceiving(difference));
  const dropped = differences.length - compared.length;
  const root = { reason: 'time' as const, count: dropped, examples: ['.'] };
  const leftOut = mergeLeftOut(comparison.leftOut, [root]);
  return {
    ...comparison,
    ...{ differences: compared, total: total - dropped, unexplained: unexplained - dropped },
    ...(leftOut.length > 0 && { leftOut }),
  };
};
