/** Turns rsync's progress lines into what users see: rate, share, time left. */
import type { Progress } from '../../model/records';
import type { ProgressLine } from '../rsync/output';

const REPORT_EVERY_MS = 500;
/** The rate is the mean over so long. */
const WINDOW_MS = 5000;

export interface ProgressMeterOptions {
  /** Bytes of the tree when it was last transferred. */
  expectedBytes?: number;
  onProgress: (progress: Progress) => void;
  /** Milliseconds on a steady clock. */
  now: () => number;
}

/** Reports at most twice a second. */
export class ProgressMeter {
  private readonly samples: { at: number; bytes: number }[] = [];
  private readonly startedAt: number;
  private reportedAt = -Infinity;

  constructor(private readonly options: ProgressMeterOptions) {
    this.startedAt = options.now();
    options.onProgress({
      phase: 'scanning',
      bytesDone: 0,
      filesDone: 0,
      rateBytesPerSecond: 0,
      ...(options.expectedBytes && { bytesTotal: options.expectedBytes }),
    });
  }

  update(line: ProgressLine): void {
    const at = this.options.now();
    if (at - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = at;
    this.options.onProgress(this.describe(line, at));
  }

  private rate(bytes: number, at: number): number {
    const oldest = this.samples[0] ?? { at: this.startedAt, bytes: 0 };
    this.samples.push({ at, bytes });
    while (this.samples.length > 1 && at - (this.samples[1]?.at ?? at) >= WINDOW_MS) this.samples.shift();
    return at > oldest.at ? Math.max(0, Math.round(((bytes - oldest.bytes) * 1000) / (at - oldest.at))) : 0;
  }

  private describe({ bytes, percent, files }: ProgressLine, at: number): Progress {
    const rateBytesPerSecond = this.rate(bytes, at);
    const isScanned = files?.totalIsFinal === true;
    const bytesTotal =
      isScanned && percent > 0 ? Math.round((bytes * 100) / percent) : this.options.expectedBytes;
    const shares = [
      bytesTotal ? bytes / bytesTotal : 0,
      // Files that need no bytes count too, or an incremental sync would seem to begin at its end.
      isScanned && files.total > 0 ? files.checked / files.total : 0,
    ];
    const share = Math.min(1, Math.max(...shares));
    const isKnown = bytesTotal !== undefined || isScanned;
    const elapsed = at - this.startedAt;
    return {
      phase: isScanned && files.checked === files.total ? 'finishing' : 'transferring',
      bytesDone: bytes,
      filesDone: files?.checked ?? 0,
      rateBytesPerSecond,
      ...(bytesTotal ? { bytesTotal: Math.max(bytesTotal, bytes) } : {}),
      ...(isScanned && { filesTotal: files.total }),
      ...(isKnown && { percent: Math.round(share * 100) }),
      ...(isKnown && share > 0.01 && { etaSeconds: Math.round((elapsed * (1 - share)) / share / 1000) }),
    };
  }
}
