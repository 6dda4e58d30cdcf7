/** How far a transfer is, in words. Pure. */
import type { Progress } from './records';
import { formatBytes, formatDuration } from './units';

/** `transferring 120 MiB of 1.00 GiB (11 %), 3 files, 45 MiB/s, 20s left`. */
export function formatProgress(progress: Progress): string {
  const { phase, bytesDone, bytesTotal, filesDone, filesTotal, percent, rateBytesPerSecond, etaSeconds } =
    progress;
  if (phase === 'waiting') return 'waiting for a push';
  const of = bytesTotal === undefined ? '' : ` of ${formatBytes(bytesTotal)}`;
  const share = percent === undefined ? '' : ` (${Math.floor(percent)} %)`;
  return [
    `${phase} ${formatBytes(bytesDone)}${of}${share}`,
    `${filesDone}${filesTotal === undefined ? '' : ` of ${filesTotal}`} files`,
    `${formatBytes(rateBytesPerSecond)}/s`,
    ...(etaSeconds === undefined ? [] : [`${formatDuration(etaSeconds * 1000)} left`]),
  ].join(', ');
}
