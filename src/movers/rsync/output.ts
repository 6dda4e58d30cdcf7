/** What rsync prints, line by line. Names in it can't break a line: rsync escapes control characters. */
import { StringDecoder } from 'node:string_decoder';
import type { ProgressLine } from '../shared/progress';

/** Cuts a stream into lines, which end with `\n` or, for progress, `\r`. */
export function makeLineReader(onLine: (line: string) => void): {
  push: (chunk: Buffer) => void;
  end: () => void;
} {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split(/[\r\n]/);
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') onLine(line);
    },
    end() {
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}

/** One changed entry, as `%i` codes it: eleven characters, then what else the format asks for. */
export interface Item {
  /** For example `<f.st......`, `cd+++++++++`, `hf         `, `*deleting  `. */
  code: string;
  name: string;
}

const ITEM = /^([<>ch.][fdLDS][-+.? a-zA-Z]{9}|\*deleting {2})(?: (.+))?$/;

/** Undefined for any other line. */
export function parseItem(line: string): Item | undefined {
  const match = ITEM.exec(line);
  return match?.[1] === undefined ? undefined : { code: match[1], name: match[2] ?? '' };
}

/** A line of `%i %l %n`: the item, and how long the file is, in bytes. */
export function parseSizedItem(line: string): (Item & { lengthBytes: number }) | undefined {
  const item = parseItem(line);
  const [, length, name] = /^(\d+) (.+)$/.exec(item?.name ?? '') ?? [];
  return item && name !== undefined ? { ...item, name, lengthBytes: Number(length) } : undefined;
}

export function isDeletion(item: Item): boolean {
  return item.code.startsWith('*');
}

const PROGRESS =
  /^ *(\d+) +\d+% +[\d.]+[kMGT]?B\/s +\d+:\d\d:\d\d(?: +\(xfr#\d+, (ir|to)-chk=(\d+)\/(\d+)\))? *$/;

/** Undefined for any other line. */
export function parseProgress(line: string): ProgressLine | undefined {
  const match = PROGRESS.exec(line);
  if (!match) return undefined;
  const [, bytes, recursion, left, total] = match;
  const progress = { bytes: Number(bytes) };
  if (recursion === undefined) return progress;
  const checked = Number(total) - Number(left);
  return { ...progress, files: { checked, total: Number(total), totalIsFinal: recursion === 'to' } };
}
