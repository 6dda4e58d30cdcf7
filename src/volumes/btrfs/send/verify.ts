/** Compares a received state with its source, file by file. */
import { join } from 'node:path';
import type { Host } from '../../../hosts/contract';
import { mergeLeftOut } from '../../../model/left-out';
import type { Difference } from '../../../model/records';
import { isSubvolume } from '../../directory/place';
import type { Mover } from '../../../movers/contract';
import { verify as compareFiles } from '../../../movers/rsync/compare-trees';

/**
 * `btrfs receive` makes each new entry in the root of a subvolume under a name of its own and moves it: where the root
 * itself did not change at the source, it keeps the time of that.
 */
async function findTimesOfReceiving(
  host: Host,
  sourcePath: string,
  differences: readonly Difference[],
): Promise<string[]> {
  const suspects = differences.filter(
    ({ what, changedSince }) => !changedSince && what.length === 1 && what[0] === 'time',
  );
  const found: string[] = [];
  for (const { path } of suspects) {
    if (await isSubvolume(host, join(sourcePath, path))) found.push(path);
  }
  return found;
}

/** `verify` of the mover contract. */
export const verify: Mover['verify'] = async (host, request) => {
  const { differences, total, unexplained, ...comparison } = await compareFiles(host, request);
  const written = await findTimesOfReceiving(host, request.reach.path, differences);
  const compared = differences.filter(({ path }) => !written.includes(path));
  const dropped = differences.length - compared.length;
  const roots = { reason: 'time' as const, count: dropped, examples: written };
  const leftOut = mergeLeftOut(comparison.leftOut, [roots]);
  return {
    ...comparison,
    ...{ differences: compared, total: total - dropped, unexplained: unexplained - dropped },
    ...(leftOut.length > 0 && { leftOut }),
  };
};
