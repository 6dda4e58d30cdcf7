/**
 * What rsync says that it did not do, and ends well all the same: a replica that lacks a file, or has a folder too many, is
 * not what was sent. Measured with rsync 3.5.0.
 */
import { join } from 'node:path';
import type { Runner } from '../../hosts/contract';
import { unescapeName } from './differences';

/** A file that had arrived, and for which no folder could be made: on a disk without room, for example. */
export const DISCARDED = /^Unable to create partial-dir for .* -- discarding completed file/;
/** Of a mount point it says so too where the source has that folder. */
const KEPT = /^cannot delete (?:non-empty directory|mount point): (.+)$/;

/** How the line begins that {@link findUndone} answers for a folder too many. */
export const KEPT_ALONE = 'cannot delete, though the source no longer has it: ';

/** The folder that a line of rsync's output says was not deleted, as rsync prints names. Pure. */
export function parseKept(line: string): string | undefined {
  return KEPT.exec(line)?.[1];
}

/**
 * What was not done, in lines as of rsync.
 * @param kept folders that were not deleted, as rsync prints names
 */
export async function findUndone(
  host: Pick<Runner, 'files'>,
  sourcePath: string,
  { stderr, kept }: { stderr: string; kept: readonly string[] },
): Promise<string[]> {
  const lines = stderr.split('\n').filter((line) => DISCARDED.test(line));
  for (const name of kept) {
    const isAtSource = await host.files.stat(join(sourcePath, unescapeName(name).toString()));
    if (!isAtSource) lines.push(`${KEPT_ALONE}${name}`);
  }
  return lines;
}
