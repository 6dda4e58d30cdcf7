/** What a tree, or a folder of it, holds, as a list for people. Nothing is followed out of it. */
import type { Runner } from '../hosts/contract';
import { makeRecordReader } from '../hosts/record-reader';
import { TidemarkError } from '../model/errors';
import { type Entry, type EntryType, liesIn } from '../model/point-content';
import { showPath } from './left-out';
import { NOT_CONTENT, pruneNames } from './own-entries';

export interface ListTreeOptions {
  /** A path below the root, as it is shown; by default all of it. */
  folder?: string;
  /** With all that is in the folders. */
  deep: boolean;
  /** The tree may change meanwhile, and others may write to it: no path is looked at and gone into later. */
  isLive?: boolean;
  /** Nothing that is mounted in it, nor a subvolume. */
  oneFilesystem?: boolean;
  signal?: AbortSignal;
}

const FORMAT = String.raw`%y %m %U %G %s %T@ %P\0%l\0`;
const FIELDS = 6;
const KEPT_OUTPUT_BYTES = 64 * 1024;

const TYPES: Readonly<Record<string, EntryType>> = {
  f: 'file',
  d: 'folder',
  l: 'link',
  p: 'pipe',
  s: 'socket',
  b: 'device',
  c: 'device',
};

/** @param seconds since the epoch, with decimals. Undefined where no calendar has it. */
export function toInstant(seconds: string): string | undefined {
  const [whole = '', decimals = ''] = seconds.split('.');
  const at = new Date(Number(whole) * 1000);
  if (Number.isNaN(at.getTime())) return undefined;
  return `${at.toISOString().slice(0, -5)}.${decimals.slice(0, 9).padEnd(9, '0')}Z`;
}

/** What the letter of `find -type` is called. */
export const typeOf = (letter: string): EntryType => TYPES[letter] ?? 'device';

function parseEntry(record: string, base: string, target: string): Entry {
  const fields = record.split(' ', FIELDS);
  const [letter = '', mode = '', uid = '', gid = '', size = '0', mtime = ''] = fields;
  const name = showPath(record.slice(fields.join(' ').length + 1));
  const type = typeOf(letter);
  const modifiedAt = toInstant(mtime);
  return {
    path: base === '' || name === '' ? base + name : `${base}/${name}`,
    ...{ type, mode, owner: `${uid}:${gid}` },
    ...(type === 'file' && { bytes: Number(size) }),
    ...(modifiedAt !== undefined && { modifiedAt }),
    ...(type === 'link' && { target: showPath(target) }),
  };
}

/** No folder on the way is a symlink, which `find` would follow. */
async function isPlainPath(runner: Runner, root: string, folder: string): Promise<boolean> {
  const names = folder.split('/');
  for (const index of names.keys()) {
    const kind = await runner.files.stat(`${root}/${names.slice(0, index + 1).join('/')}`);
    if (!kind || (index < names.length - 1 && kind.type !== 'directory')) return false;
  }
  return true;
}

/**
 * Calls `onEntry` for what is in a folder, and for that itself; not for the root.
 * @returns what could not be read, in the words of `find`; empty where nothing was
 * @throws TidemarkError `ToolFailed` where nothing can be read
 */
export async function listTree(
  runner: Runner,
  root: string,
  onEntry: (entry: Entry) => void,
  { folder, deep, isLive = false, oneFilesystem = false, signal }: ListTreeOptions,
): Promise<string> {
  // Names whose bytes are no text can't be typed as they are: such a folder is looked for.
  const isStart = folder !== undefined && !isLive && !folder.includes(String.raw`\#`);
  if (isStart && !(await isPlainPath(runner, root, folder))) return '';
  const base = isStart ? folder : '';
  const isShallow = !deep && (isStart || folder === undefined);
  const argv = [
    ...['find', isStart ? `./${folder}` : '.'],
    ...(isShallow ? ['-maxdepth', '1'] : []),
    ...(oneFilesystem ? ['-xdev'] : []),
    ...(isStart ? [] : pruneNames(NOT_CONTENT)),
    ...['-printf', FORMAT],
  ];
  let record = '';
  let isRecord = true;
  let count = 0;
  const reader = makeRecordReader((text) => {
    if (!isRecord) {
      count++;
      const entry = parseEntry(record, base, text);
      if (entry.path !== '' && liesIn(entry.path, folder, deep)) onEntry(entry);
    }
    record = text;
    isRecord = !isRecord;
  }, '\0');
  const { exitCode, stderr } = await runner.run(argv, {
    ...{ cwd: root, onStdout: reader.push, maxOutputBytes: KEPT_OUTPUT_BYTES, endsWithAgent: true },
    ...(signal && { signal }),
  });
  if (exitCode <= 1 && count > 0) return exitCode === 0 ? '' : stderr.trim();
  throw new TidemarkError('ToolFailed', `${root} could not be listed`, {
    ...{ host: runner.name, volume: root, toolMessage: stderr.trim() },
  });
}
