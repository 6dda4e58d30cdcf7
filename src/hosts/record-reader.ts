/** Cuts a program's output into records, however it comes in chunks. */
export interface RecordReader {
  push: (chunk: Buffer) => void;
  /** What has come so far ends with a whole record. */
  isWhole: () => boolean;
}

/** Calls back with each record, without the character that ends it. Bytes, one character each (`latin1`). */
export function makeRecordReader(onRecord: (record: string) => void, end: string): RecordReader {
  let rest = '';
  return {
    push(chunk) {
      // Byte by byte: latin1 gives each byte a character of its own, and back.
      const text = rest + chunk.toString('latin1');
      let start = 0;
      for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, start)) {
        onRecord(text.slice(start, at));
        start = at + end.length;
      }
      rest = text.slice(start);
    },
    isWhole: () => rest === '',
  };
}
