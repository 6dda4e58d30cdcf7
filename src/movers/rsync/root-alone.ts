/**
 * A receiver that is no root can't change the folder that a volume begins with, where that is another user's, as of a new
 * volume of Kubernetes it is. Everything in it is carried all the same. Pure; measured with rsync 3.5.0.
 */
import type { LeftOut } from '../../model/left-out';

const OF_ROOT =
  /^rsync: (?:\[[a-zA-Z]+\] )?failed to set (?:times|permissions) on "(?:[^"]*\/)?\."(?: \(in \w+\))?: Operation not permitted \(1\)$/;
const SUM = /^rsync error: some files\/attrs were not transferred .* \(code 23\)/;

/** All that rsync failed at is the time or the mode of that folder. */
export function failedAtRootAlone(stderr: string): boolean {
  const lines = stderr.split('\n').filter((line) => /^rsync(?: error)?: /.test(line) && !SUM.test(line));
  return lines.length > 0 && lines.every((line) => OF_ROOT.test(line));
}

/** What is told of it. */
export const ROOT_TIME: LeftOut = { reason: 'time', count: 1, examples: ['.'] };
