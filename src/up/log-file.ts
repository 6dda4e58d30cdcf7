import { createWriteStream, renameSync, statSync } from 'node:fs';
import type { WriteStream } from 'node:fs';

const MAX_BYTES = 8 * 1024 * 1024;
const TAIL_LINES = 30;

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** A log that never grows beyond twice `maxBytes`: the older half is kept beside it, as `.1`. */
export class LogFile {
  private stream: WriteStream;
  private size: number;
  private lines: string[] = [];

  constructor(
    readonly path: string,
    private readonly maxBytes = MAX_BYTES,
  ) {
    this.size = sizeOf(path);
    this.stream = this.open();
  }

  write(chunk: Buffer | string): void {
    this.lines = [...this.lines, ...chunk.toString().split('\n').filter(Boolean)].slice(-TAIL_LINES);
    if (this.size > this.maxBytes) this.rotate();
    this.size += chunk.length;
    this.stream.write(chunk);
  }

  /** The newest lines that were written by this process. */
  tail(count = 10): string {
    return this.lines.slice(-count).join('\n');
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.stream.end(resolve));
  }

  private rotate(): void {
    this.stream.end();
    try {
      renameSync(this.path, `${this.path}.1`);
    } catch {
      // Somebody removed it: a new one begins.
    }
    this.size = 0;
    this.stream = this.open();
  }

  private open(): WriteStream {
    const stream = createWriteStream(this.path, { flags: 'a', mode: 0o600 });
    // A full disk must not end what is being logged.
    stream.on('error', () => undefined);
    return stream;
  }
}
