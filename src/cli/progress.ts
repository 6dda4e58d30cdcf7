/** Progress for people: a live bar on a terminal, a line now and then without one. Always on stderr. */
import { formatProgress } from '../model/progress-text';
import type { Progress } from '../model/records';
import { lazy } from './lazy';

const LINE_EVERY_MS = 5000;

export interface ProgressView {
  show: (progress: Progress) => void;
  /** Clears the bar, and gives the cursor back. */
  stop: () => void;
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
