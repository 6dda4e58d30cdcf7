import { SingleBar } from 'cli-progress';
import type { ProgressView } from './progress';
import { formatProgress } from '../model/progress-text';

/** A bar that is redrawn in place, and gone in the end. */
export function makeBar(stream: NodeJS.WriteStream): ProgressView {
  const bar = new SingleBar({
    format: '[{bar}] {text}',
    barsize: 24,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    stream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 5,
  });
  let started = false;
  return {
    show(progress) {
      const text = formatProgress(progress);
      if (!started) bar.start(100, 0, { text });
      started = true;
      bar.update(Math.min(100, progress.percent ?? 0), { text });
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
