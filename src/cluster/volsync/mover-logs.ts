/** The telling lines of a mover, as far as they are known: people's scripts look for them. Pure. */
import { describeFailure } from '../../model/failure';
import type { LastSync, TargetStatus } from '../../model/status';
import type { Method } from '../../volumes/pvc';

/** VolSync keeps so much of the end. */
const LONGEST_BYTES = 1024;

const endOf = (text: string): string => {
  const bytes = Buffer.from(text);
  return bytes.length <= LONGEST_BYTES
    ? text
    : bytes
        .subarray(-LONGEST_BYTES)
        .toString()
        .replace(/^\uFFFD+/, '');
};

type Synced = Pick<LastSync, 'bytes' | 'files' | 'durationSeconds'>;

function linesOf(
  method: Method,
  isSource: boolean,
  { bytes, files, durationSeconds }: Synced,
  { pointBytes, recoveryPoint }: TargetStatus,
): string[] {
  const seconds = Math.round(durationSeconds);
  const size = pointBytes ?? 0;
  if (method === 'rsync')
    return [`sent ${bytes} bytes`, `total size is ${size}`, `Rsync completed in ${seconds}s`];
  if (method === 'rsyncTLS')
    return [`sent ${bytes} bytes`, `total size is ${size}`, `rsync completed in ${seconds}s`];
  if (method === 'rclone')
    return [`Transferred: ${bytes} B, ${files} changed`, `Rclone completed in ${seconds}s`];
  return [
    ...(isSource
      ? [`Added to the repository: ${bytes} B`, `snapshot of ${recoveryPoint ?? 'it'} saved`]
      : [`restoring ${recoveryPoint ?? 'it'}`]),
    `Restic completed in ${seconds}s`,
  ];
}

export const tellSuccess = (...args: Parameters<typeof linesOf>): string =>
  endOf(linesOf(...args).join('\n'));

export const tellFailure = ({ lastError }: TargetStatus): string =>
  endOf(lastError ? describeFailure(lastError) : 'it failed');

/** Of a restore from a repository that has nothing to restore. */
export const NOTHING_TO_RESTORE = 'No eligible snapshots found\n=== No data will be restored ===';
/** Of a backup of a volume that is empty by now. */
export const NOTHING_TO_BACK_UP = '== Directory is empty skipping backup ==';
