/** Calls back with each record of what comes in chunks. Bytes, one character each (`latin1`). */
export function makeRecordReader(onRecord: (record: string) => void, end: string): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const records = (rest + chunk.toString('latin1')).split(end);
    rest = records.pop() ?? '';
    records.forEach(onRecord);
  };
}
