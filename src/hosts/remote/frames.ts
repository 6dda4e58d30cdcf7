/**
 * Tells the output of a program from what comes before and after it. What a shell's start-up files
 * print comes first; what processes write that left the program's group may come later. The host's
 * script (`SUPERVISE`) writes frames on both streams, in order with the output itself:
 * `0x1d NONCE:begin:PID`, `0x1d NONCE:end:CODE`, or why the program was not started. Pure.
 */

/** What the script says. */
export interface Frame {
  /** `begin`, `end`, `no-folder`, `no-program`, `not-executable`. */
  word: string;
  /** The process group that begins, or the exit code at the end. */
  value: number;
}

export interface FrameReader {
  push(chunk: Buffer): void;
  /** What stood before the first frame: noise of start-up files, or why nothing could be run. */
  readonly noise: string;
}

const MARK = 0x1d;
const MAX_NOISE = 4000;
const LONGEST_FRAME = 80;

/** @param onData gets the program's own output, all of it and nothing else. */
export function makeFrameReader(
  nonce: string,
  { onData, onFrame }: { onData: (chunk: Buffer) => void; onFrame: (frame: Frame) => void },
): FrameReader {
  const prefix = Buffer.concat([Buffer.from([MARK]), Buffer.from(`${nonce}:`)]);
  let state: 'before' | 'inside' | 'after' = 'before';
  let held = Buffer.alloc(0);
  let noise = '';

  const pass = (bytes: Buffer) => {
    if (bytes.length === 0) return;
    if (state === 'inside') onData(bytes);
    else if (state === 'before') noise = (noise + bytes.toString()).slice(-MAX_NOISE);
  };
  const take = (line: string) => {
    const [word = '', value = ''] = line.split(':');
    state = word === 'begin' ? 'inside' : 'after';
    onFrame({ word, value: Number(value) });
  };
  return {
    get noise() {
      return noise;
    },
    push(chunk) {
      let rest = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      held = Buffer.alloc(0);
      while (rest.length > 0) {
        const at = findPrefix(rest, prefix);
        if (at < 0) return pass(rest);
        pass(rest.subarray(0, at));
        rest = rest.subarray(at);
        const end = rest.indexOf(0x0a);
        if (end < 0 && rest.length < LONGEST_FRAME) {
          held = Buffer.from(rest);
          return;
        }
        take(rest.subarray(prefix.length, end < 0 ? rest.length : end).toString());
        rest = end < 0 ? Buffer.alloc(0) : rest.subarray(end + 1);
      }
    },
  };
}

/** Where the prefix is, or where the end of the bytes may be its beginning; -1 where neither. */
function findPrefix(bytes: Buffer, prefix: Buffer): number {
  const whole = bytes.indexOf(prefix);
  if (whole >= 0) return whole;
  const from = Math.max(0, bytes.length - prefix.length + 1);
  for (let at = bytes.indexOf(MARK, from); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    if (prefix.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at;
  }
  return -1;
}
