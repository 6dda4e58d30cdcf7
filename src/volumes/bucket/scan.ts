/** What a tree is: every entry of it, with all that a manifest says of it, but for checksums. */
import { nulWords } from '../../hosts/nul-words';
import type { LeftOut } from '../../model/left-out';
import type { Runner } from '../../hosts/contract';
import { makeRecordReader } from '../../hosts/record-reader';
import { TidemarkError } from '../../model/errors';
import { findAtTop, mountsInside, reasonOfForeign, Tally } from '../../trees/left-out';
import { walk, type WalkEnd, type WalkEntry } from '../../trees/walk';
import { byPath, type Entry } from './manifest';
import { parseXattrs } from './xattrs';

/** A file as it lies there: by this it is known again, and nobody can set it. */
export interface Witness {
  inode: string;
  ctime: string;
}

export interface Scan {
  /** Sorted by path. */
  entries: Entry[];
  /** Of files, by path. */
  witnesses: ReadonlyMap<string, Witness>;
  leftOut: LeftOut[];
  /** By the clock of where it is, before the first look. In seconds. */
  startedAt: number;
}

/** As manifests have it, of a time that a walk tells. */
export const toTime = (text: string): string => {
  const [seconds = '0', fraction = ''] = text.split('.');
  return `${seconds}.${fraction.slice(0, 9).padEnd(9, '0')}`;
};

/** As manifests have it, of a path that a walk tells. */
const nameOf = (path: string) => path.replace(/^\.\/?/, '');

const KEPT_OUTPUT = { maxOutputBytes: 64 * 1024 };

/** Runs a program on many paths, and reads what it prints of them. */
async function ask(
  runner: Runner,
  {
    root,
    argv,
    paths,
    signal,
  }: { root: string; argv: readonly string[]; paths: readonly string[]; signal?: AbortSignal | undefined },
  onRecord: (record: string) => void,
  end: string,
): Promise<string> {
  if (paths.length === 0) return '';
  const reader = makeRecordReader(onRecord, end);
  const { stderr } = await runner.run(['xargs', '-0', ...argv], {
    ...{ cwd: root, stdin: nulWords(paths), onStdout: reader.push, ...KEPT_OUTPUT },
    ...(signal && { signal }),
  });
  return stderr;
}

/** Where symlinks lead to, by path. */
async function readTargets(runner: Runner, root: string, signal?: AbortSignal): Promise<Map<string, string>> {
  const targets = new Map<string, string>();
  let path: string | undefined;
  const reader = makeRecordReader((record) => {
    if (path === undefined) path = record;
    else {
      targets.set(path, record);
      path = undefined;
    }
  }, '\0');
  await runner.run(['find', '.', '-xdev', '-type', 'l', '-printf', String.raw`%p\0%l\0`], {
    ...{ cwd: root, onStdout: reader.push, ...KEPT_OUTPUT },
    ...(signal && { signal }),
  });
  return targets;
}

function toEntry(found: WalkEntry): Entry {
  const { mode, uid, gid, size, diskBytes, type } = found;
  const path = nameOf(found.path);
  const entry: Entry = { path, type: type as Entry['type'], mode, uid, gid, mtime: toTime(found.mtime) };
  if (type !== 'f') return entry;
  return { ...entry, bytes: size, ...(diskBytes < size && { hasHoles: true as const }) };
}

/** Attributes of entries, ACLs among them, by path. */
async function readXattrs(
  runner: Runner,
  root: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, Record<string, string>>> {
  const lines: string[] = [];
  const argv = ['getfattr', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '--'];
  const stderr = await ask(runner, { root, argv, paths, signal }, (line) => lines.push(line), '\n');
  const isTelling = (line: string) => line !== '' && !/: (No such file|Operation not supported)/.test(line);
  const problems = stderr.split('\n').filter(isTelling).join('\n');
  if (problems === '') return parseXattrs(lines);
  throw new TidemarkError('ToolFailed', `extended attributes in ${root} could not be read`, {
    ...{ host: runner.name, volume: root, toolMessage: problems },
    hint: 'getfattr of the package attr reads them: install it, or run the agent as a user who may',
  });
}

/** Numbers of devices, by path. */
async function readDevices(
  runner: Runner,
  root: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const devices = new Map<string, string>();
  const read = (record: string) => {
    const [, major = '', minor = '', path = ''] = /^([0-9a-f]+):([0-9a-f]+) (.*)$/s.exec(record) ?? [];
    devices.set(path, `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}`);
  };
  await ask(runner, { root, argv: ['stat', '--printf', String.raw`%t:%T %n\0`, '--'], paths }, read, '\0');
  return devices;
}

/** Further names of one file, by path: the first of its names. */
function findLinks(found: readonly WalkEntry[]): Map<string, string> {
  const first = new Map<string, string>();
  const links = new Map<string, string>();
  for (const { path, inode, links: count, type } of found) {
    if (count < 2 || type === 'd') continue;
    const before = first.get(inode);
    if (before === undefined) first.set(inode, path);
    else links.set(path, before);
  }
  return links;
}

/** What vanishes while a live tree is looked at is no part of it; what can't be read is. */
function checkWhole({ name }: Runner, root: string, { complete, problems }: WalkEnd): void {
  const unread = problems.split('\n').filter((line) => line !== '' && !line.includes('No such file'));
  if (complete || unread.length === 0) return;
  throw new TidemarkError('ToolFailed', `not all of ${root} can be read`, {
    ...{ host: name, volume: root, toolMessage: unread.join('\n') },
    hint: 'run the agent as a user who may read it',
  });
}

/** @throws TidemarkError `ToolFailed` where a part of the tree can't be read */
export async function scan(runner: Runner, root: string, signal?: AbortSignal): Promise<Scan> {
  const found: WalkEntry[] = [];
  const tally = new Tally();
  const mounts = await mountsInside(runner, root);
  let ownDevice: string | undefined;
  const onEntry = (entry: WalkEntry) => {
    ownDevice ??= entry.device;
    if (entry.type === 's') tally.add('socket', nameOf(entry.path));
    else found.push(entry);
    if (entry.type === 'd' && entry.device !== ownDevice)
      tally.add(reasonOfForeign(nameOf(entry.path), mounts), nameOf(entry.path));
  };
  const [end] = await Promise.all([
    walk(runner, root, onEntry, signal ? { signal } : {}),
    findAtTop(runner, root, tally.add),
  ]);
  checkWhole(runner, root, end);
  found.sort((one, other) => (one.path < other.path ? -1 : 1));
  const paths = found.map(({ path }) => path);
  const isDevice = ({ type }: WalkEntry) => type === 'b' || type === 'c';
  const [targets, xattrs, devices] = await Promise.all([
    found.some(({ type }) => type === 'l') ? readTargets(runner, root, signal) : new Map<string, string>(),
    readXattrs(runner, root, paths, signal),
    readDevices(
      runner,
      root,
      found.filter(isDevice).map(({ path }) => path),
    ),
  ]);
  const links = findLinks(found);
  const entries = found.map((each): Entry => {
    const { path } = each;
    const [target, device, linkOf, own] = [
      targets.get(path),
      devices.get(path),
      links.get(path),
      xattrs.get(path),
    ];
    return {
      ...toEntry(each),
      ...(target !== undefined && { target }),
      ...(device !== undefined && { device }),
      ...(linkOf !== undefined && { linkOf: nameOf(linkOf) }),
      ...(own && { xattrs: own }),
    };
  });
  const witnesses = new Map(
    found
      .filter(({ type }) => type === 'f')
      .map(({ path, inode, ctime }) => [nameOf(path), { inode, ctime }]),
  );
  return { entries: entries.toSorted(byPath), witnesses, leftOut: tally.list, startedAt: end.startedAt };
}
