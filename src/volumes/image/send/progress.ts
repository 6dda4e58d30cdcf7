import type { Progress } from '../../../model/records';

const REPORT_EVERY_MS = 500;

/** Turns what was sent of each image into what users see. Reports at most twice a second, and at every image's end. */
export class ProgressReporter {
  private readonly startedAt = performance.now();
  private reportedAt = -Infinity;
  private finished = 0;
  private images = 0;
  private current = { bytes: 0, total: 0 };

  constructor(
    private readonly onProgress: (progress: Progress) => void,
    private readonly imagesTotal: number,
  ) {
    onProgress({
      phase: 'scanning',
      bytesDone: 0,
      filesDone: 0,
      filesTotal: imagesTotal,
      rateBytesPerSecond: 0,
    });
  }

  /** Bytes of all images that were sent. */
  get bytesDone(): number {
    return this.finished;
  }

  begin(total: number): void {
    this.current = { bytes: 0, total };
    this.report();
  }

  update(bytes: number): void {
    this.current.bytes = Math.min(bytes, this.current.total);
    if (performance.now() - this.reportedAt >= REPORT_EVERY_MS) this.report();
  }

  end(): void {
    this.finished += this.current.total;
    this.current = { bytes: 0, total: 0 };
    this.images++;
    this.report();
  }

  /** How much is to come is known for one image at a time. */
  private report(): void {
    this.reportedAt = performance.now();
    const bytesDone = this.finished + this.current.bytes;
    const seconds = (this.reportedAt - this.startedAt) / 1000;
    const share = this.current.total > 0 ? this.current.bytes / this.current.total : 0;
    this.onProgress({
      phase: this.images === this.imagesTotal ? 'finishing' : 'transferring',
      bytesDone,
      filesDone: this.images,
      filesTotal: this.imagesTotal,
      rateBytesPerSecond: seconds > 0 ? Math.round(bytesDone / seconds) : 0,
      ...(this.imagesTotal > 0 && { percent: Math.floor(((this.images + share) / this.imagesTotal) * 100) }),
    });
  }
}
