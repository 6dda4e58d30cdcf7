/** The numbers that rsync prints at its end (`--info=stats2`), and those counted from its items. */
import type { TransferStats } from '../../model/records';
import { isDeletion, type Item } from './output';

const STATS_LINE = /^([A-Z][a-z]+(?: [a-z]+)*): (\d+)/;

/** Adds up what a transfer did, from its lines. */
export class StatsCounter {
  private readonly numbers = new Map<string, number>();
  filesChanged = 0;
  filesDeleted = 0;

  countItem(item: Item): void {
    this.filesChanged++;
    if (isDeletion(item)) this.filesDeleted++;
  }

  /** Takes a line such as `Total file size: 302 bytes`; no other line has its form. */
  readLine(line: string): void {
    const match = STATS_LINE.exec(line);
    if (match?.[1] !== undefined) this.numbers.set(match[1], Number(match[2]));
  }

  private number(name: string): number {
    return this.numbers.get(name) ?? 0;
  }

  /** Of the files that are gone through, as long as they are. */
  get bytesToSend(): number {
    return this.number('Total transferred file size');
  }

  result({ durationMs, filesVanished }: Pick<TransferStats, 'durationMs' | 'filesVanished'>): TransferStats {
    return {
      bytesSent: this.number('Total bytes sent') + this.number('Total bytes received'),
      bytesChanged: this.number('Literal data'),
      filesChanged: this.filesChanged,
      filesDeleted: this.filesDeleted,
      totalBytes: this.number('Total file size'),
      totalFiles: this.number('Number of files'),
      durationMs,
      filesVanished,
    };
  }
}
