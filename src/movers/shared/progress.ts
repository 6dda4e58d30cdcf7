/** Turns rsync's progress lines into what users see: rate, share, time left. */
import type { Progress } from '../../model/records';

const REPORT_EVERY_MS = 500;
/** The rate is the mean over so long. */
const WINDOW_MS = 5000;

export interface ProgressMeterOptions {
  /** Bytes that have to be sent, where that is known. */
  expectedBytes?: number;
  onProgress: (progress: Progress) => void;
  /** Milliseconds on a steady clock. */
  now: () => number;
}

/** Reports at most twice a second. */
export class ProgressMeter {
  private readonly samples: { at: number; bytes: number }[] = [];
  private startedAt: number;
  private reportedAt = -Infinity;
  private expectedBytes: number | undefined;
  /** What earlier passes went through. */
  private passedBytes = 0;
  private bytes = 0;

  constructor(private readonly options: ProgressMeterOptions) {
    this.startedAt = options.now();
    this.expectedBytes = options.expectedBytes;
    options.onProgress({
      phase: 'scanning',
      bytesDone: 0,
      filesDone: 0,
      rateBytesPerSecond: 0,
      ...(options.expectedBytes && { bytesTotal: options.expectedBytes }),
    });
  }

  /** How much has to be sent turns out later, before any of it goes. */
  expect(bytes: number): void {
    this.expectedBytes = bytes;
    this.startedAt = this.options.now();
  }

  /** A pass is over, and the next one counts from zero again. @param restBytes what is left, where that is known */
  nextPass(restBytes?: number): void {
    this.passedBytes = this.bytes;
    this.expectedBytes = restBytes === undefined ? undefined : this.bytes + restBytes;
  }

  update(line: ProgressLine): void {
    const at = this.options.now();
    this.bytes = this.passedBytes + line.bytes;
    if (at - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = at;
    this.options.onProgress(this.describe(line.files, at));
  }

  private rate(bytes: number, at: number): number {
    const oldest = this.samples[0] ?? { at: this.startedAt, bytes: 0 };
    this.samples.push({ at, bytes });
    while (this.samples.length > 1 && at - (this.samples[1]?.at ?? at) >= WINDOW_MS) this.samples.shift();
    return at > oldest.at ? Math.max(0, Math.round(((bytes - oldest.bytes) * 1000) / (at - oldest.at))) : 0;
  }

  private describe(files: ProgressLine['files'], at: number): Progress {
    const { bytes, expectedBytes: bytesTotal } = this;
    const rateBytesPerSecond = this.rate(bytes, at);
    const isScanned = files?.totalIsFinal === true;
    const isFinishing = isScanned && files.checked === files.total;
    const share = isFinishing ? 1 : bytesTotal ? Math.min(1, bytes / bytesTotal) : undefined;
    const elapsed = at - this.startedAt;
    return {
      phase: isFinishing ? 'finishing' : 'transferring',
      bytesDone: bytes,
      filesDone: files?.checked ?? 0,
      rateBytesPerSecond,
      ...(bytesTotal ? { bytesTotal: Math.max(bytesTotal, bytes) } : {}),
      ...(isScanned && { filesTotal: files.total }),
      ...(share !== undefined && { percent: Math.floor(share * 100) }),
      ...(share !== undefined &&
        share > 0.01 && { etaSeconds: Math.round((elapsed * (1 - share)) / share / 1000) }),
    };
  }
}

/** One line of `--info=progress2`. */
export interface ProgressLine {
  /** Of the files that were gone through for writing, those parts too that the target had. */
  bytes: number;
  files?: { checked: number; total: number; totalIsFinal: boolean };
}
