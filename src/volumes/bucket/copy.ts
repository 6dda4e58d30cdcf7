/** Copies and moves of named objects by rclone, with progress, and no faster than the spec allows. */
import type { Progress } from '../../model/records';
import { sizeToBytes } from '../../model/units';
import { makeRecordReader } from '../../hosts/record-reader';
import type { RunResult } from '../../hosts/contract';
import { isVanishing } from './classify';
import { parseProgress, WITH_STATS } from './progress';
import { type Bucket, keysToStdin, NO_FOLDER, runRcloneChecked } from './rclone';

export interface CopyOptions {
  attempt: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** More at once than rclone has by default: most files are small, and a store answers each by itself. */
const TRANSFERS = 8;
/** Whoever called tries again as well; a store that is slow for a moment does not end it. */
const LASTING = ['--retries=1', '--low-level-retries=5', '--contimeout=20s'];
/** Of S3, each object would be asked for once more as it is there: a listing says that of all of them. */
const UNASKED = ['--s3-no-head'];
/** What is never looked for at the other side: that is known. */
const EXACTLY = ['--no-traverse', '--files-from-raw=-'];

const limitOf = ({ volume }: Bucket): string[] => {
  const { bandwidthLimit } = volume.options ?? {};
  return bandwidthLimit === undefined ? [] : [`--bwlimit=${sizeToBytes(bandwidthLimit)}B`];
};

export interface Named {
  from: string;
  to: string;
  /** Below both folders; those that are not there are left out, and no error. */
  names: readonly string[];
}

const isNoFolder = ({ exitCode }: RunResult) => exitCode === NO_FOLDER;

/**
 * Brings objects to a folder of this host, where whoever called proves each: one that a writer moves away or replaces just as it
 * is read is left out, like one that is not there.
 */
export const fetchNamed = (bucket: Bucket, named: Named, options: CopyOptions): Promise<void> =>
  copyNamed(
    bucket,
    ['copy', '--ignore-times'],
    named,
    options,
    (result) => isNoFolder(result) || isVanishing(result),
  );

/** @param isFine of an ending that is no success */
export async function copyNamed(
  bucket: Bucket,
  command: readonly ['copy' | 'move', ...string[]],
  { from, to, names }: Named,
  { attempt, signal, onProgress }: CopyOptions,
  isFine: (result: RunResult) => boolean = isNoFolder,
): Promise<void> {
  if (names.length === 0) return;
  const reader = makeRecordReader((line) => {
    const progress = parseProgress(Buffer.from(line, 'latin1').toString());
    if (progress) onProgress?.(progress);
  }, '\n');
  const how = [...LASTING, ...UNASKED, ...WITH_STATS, `--transfers=${TRANSFERS}`, ...limitOf(bucket)];
  await runRcloneChecked(
    bucket,
    [...how, ...command, ...EXACTLY, '--', from, to],
    {
      ...{ stdin: keysToStdin(names), onStderr: reader.push, maxOutputBytes: 256 * 1024, attempt },
      ...(signal && { signal }),
    },
    isFine,
  );
}
