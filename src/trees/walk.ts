/** One look at every entry of a tree, in one streaming pass of `find`. */
import type { Runner } from '../hosts/contract';
import { makeRecordReader } from '../hosts/record-reader';
import { TidemarkError } from '../model/errors';
import { NOT_CONTENT, pruneNames } from './own-entries';

/** One entry of a tree, as `lstat` tells it. */
export interface WalkEntry {
  /** As `find -type` names it: `f`, `d`, `l`, `p`, `s`, `b`, `c`. */
  type: string;
  /** Of a mount point, what is mounted there: another device than the root's. */
  device: string;
  inode: string;
  /** Names of this inode, also outside of the tree. */
  links: number;
  /** Octal, without the type. */
  mode: string;
  uid: string;
  gid: string;
  size: number;
  /** On disk. */
  diskBytes: number;
  /** Seconds and fractions, as exact as the filesystem has them. Example: `1700000000.0123456780`. */
  mtime: string;
  /** The same. It moves with every write, and nobody can set it. */
  ctime: string;
  /** `.` for the root, `./path` for the rest; bytes, one character each (`latin1`). */
  path: string;
}

/** How a walk ended. */
export interface WalkEnd {
  /** By the host's own clock, before the first look. In seconds. */
  startedAt: number;
  /** False where a folder could not be read, or went meanwhile: there may be more than was seen. */
  complete: boolean;
  /** What `find` said of that. */
  problems: string;
}

export interface WalkOptions {
  signal?: AbortSignal;
  attempt?: string;
  /** Names directly in the root that are left out, with all that is in them. */
  skip?: readonly string[];
}

/** @param startedAt of the walk, by the host's own clock. In seconds. */
export type OnEntry = (entry: WalkEntry, startedAt: number) => void;

const FORMAT = String.raw`%y %D %i %n %m %U %G %s %b %T@ %C@ %p\0`;
const BLOCK_BYTES = 512;
const KEPT_OUTPUT_BYTES = 64 * 1024;

/**
 * Calls `onEntry` for the root and everything below it on its filesystem, each once, a folder before what is in
 * it. Keeps nothing: memory is the caller's.
 * 300,000 files on a local ext4 that the kernel has cached: 1 s of processor time for `find`, as for a `du`.
 * @throws TidemarkError `ToolFailed` where the tree can't be looked at, `ToolMissing` without GNU find.
 */
export async function walk(
  host: Pick<Runner, 'name' | 'run' | 'files'>,
  root: string,
  onEntry: OnEntry,
  { skip = NOT_CONTENT, ...options }: WalkOptions = {},
): Promise<WalkEnd> {
  const startedAt = await host.files.clock();
  const argv = ['find', '.', '-xdev', ...pruneNames(skip), '-printf', FORMAT];
  let count = 0;
  const reader = makeRecordReader((record) => {
    count++;
    onEntry(parseEntry(record), startedAt);
  }, '\0');
  const { exitCode, stderr } = await host.run(argv, {
    ...options,
    cwd: root,
    onStdout: reader.push,
    maxOutputBytes: KEPT_OUTPUT_BYTES,
  });
  const problems = stderr.trim();
  if (exitCode > 1 || count === 0) {
    const message = `${root} could not be walked`;
    throw new TidemarkError('ToolFailed', message, { host: host.name, volume: root, toolMessage: problems });
  }
  return { startedAt, complete: exitCode === 0 && reader.isWhole(), problems };
}

/** Of a record as {@link FORMAT} prints it. */
export function parseEntry(record: string): WalkEntry {
  let at = 0;
  const next = (): string => {
    const end = record.indexOf(' ', at);
    const field = record.slice(at, end);
    at = end + 1;
    return field;
  };
  // In the order of the format; what is left is the path, blanks and all.
  return {
    type: next(),
    device: next(),
    inode: next(),
    links: Number(next()),
    mode: next(),
    uid: next(),
    gid: next(),
    size: Number(next()),
    diskBytes: Number(next()) * BLOCK_BYTES,
    mtime: next(),
    ctime: next(),
    path: record.slice(at),
  };
}
