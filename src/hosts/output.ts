/** Keeps the newest `limit` bytes of a stream, and drops the oldest. */
export class OutputTail {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly limit: number) {}

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    for (
      let first = this.chunks[0];
      first && this.size - first.length >= this.limit;
      first = this.chunks[0]
    ) {
      this.chunks.shift();
      this.size -= first.length;
    }
  }

  content(): Buffer {
    const all = Buffer.concat(this.chunks);
    return all.length > this.limit ? all.subarray(all.length - this.limit) : all;
  }
}
