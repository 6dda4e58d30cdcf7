/** Progress for people: a live bar on a terminal, a line now and then without one. Always on stderr. */
import type { Progress } from '../model/records';
import { formatBytes, formatDuration } from '../model/units';
import { lazy } from './lazy';

const LINE_EVERY_MS = 5000;

export interface ProgressView {
  show: (progress: Progress) => void;
  /** Clears the bar, and gives the cursor back. */
  stop: () => void;
}

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

function makeLines(write: (text: string) => void): ProgressView {
  let last = 0;
  return {
    show(progress) {
      if (Date.now() - last < LINE_EVERY_MS) return;
      last = Date.now();
      write(`${formatProgress(progress)}\n`);
    },
    stop() {},
  };
}

/** What suits stderr. */
export function makeProgressView(stream: NodeJS.WriteStream = process.stderr): ProgressView {
  if (stream.isTTY && process.env.TERM !== 'dumb') return lazy.progressBar().makeBar(stream);
  return makeLines((text) => stream.write(text));
}
