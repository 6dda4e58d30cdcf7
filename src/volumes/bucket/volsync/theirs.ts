/** A state that VolSync's mover has written, by what lies there; and whether somebody is in the middle of writing it. Pure. */
import type { LeftOut } from '../../../model/left-out';
import { NOT_CONTENT } from '../../../trees/own-entries';
import { showPath, Tally } from '../../../trees/left-out';
import { formatEntries } from '../../../model/units';
import { isChangedByStores, isOdd } from '../layout';
import { isSame, type Listing } from '../listing';
import { byPath, type Entry } from '../manifest';
import { FACL, parseFacl, type Permissions } from './facl';
import { foldersOf } from './held';
import type { Look } from './store';

export interface Theirs {
  /** By path: bytes, one character each (`latin1`). */
  files: Listing;
  folders: ReadonlySet<string>;
  permissions: ReadonlyMap<string, Permissions>;
  leftOut: LeftOut[];
}

/** Why a look shows no whole state. */
export class Busy extends Error {}

/** What is said of the files makes no sense: it may have been read as it was written. */
export class Senseless extends Error {}

function readPermissions(facl: string): Map<string, Permissions> {
  try {
    return parseFacl(facl);
  } catch (error) {
    throw new Senseless(error instanceof Error ? error.message : String(error));
  }
}

const MAX_NAME_BYTES = 255;

/** A key that becomes the same name here, and lies in no other place than its folder's. */
function isNameHere(key: string): boolean {
  if (isChangedByStores(key)) return false;
  return key
    .split('/')
    .every(
      (name) => name !== '' && name !== '.' && name !== '..' && Buffer.byteLength(name) <= MAX_NAME_BYTES,
    );
}

const pathOf = (key: string): string => Buffer.from(key).toString('latin1');

const name3 = (paths: readonly string[]): string => paths.slice(0, 3).map(showPath).join(', ');

/** @throws Busy where their mover has written files since it wrote what is said of them */
function checkFinished(files: Listing): void {
  const facl = files.get(FACL);
  const atMs = Date.parse(facl?.time ?? '');
  const later = [...files].filter(([, { time }]) => Date.parse(time) > atMs).map(([key]) => pathOf(key));
  if (later.length > 0)
    throw new Busy(`${formatEntries(later.length)} were written after ${FACL}: ${name3(later)}`);
}

/** What the facl file tells of, and the store has not: folders without files, and what is no file. */
function isAbsent(path: string, { files, folders }: Pick<Theirs, 'files' | 'folders'>): boolean {
  const [top = ''] = path.split('/');
  if (path === '' || path === FACL || NOT_CONTENT.includes(top)) return false;
  return !files.has(path) && !folders.has(path);
}

/**
 * @param tellsWhenWritten the store's times are those of writing
 * @throws Busy, Senseless
 */
export function readTheirs({ files: all, folders: shown, facl }: Look, tellsWhenWritten: boolean): Theirs {
  if (facl === undefined) throw new Busy(`there is no ${FACL}: it is the last that VolSync's mover writes`);
  if (tellsWhenWritten) checkFinished(all);
  const permissions = readPermissions(facl);
  const tally = new Tally();
  const files = new Map<string, NonNullable<Entry['object']>>();
  for (const [key, mark] of all) {
    if (key === FACL) continue;
    if (isNameHere(key)) files.set(pathOf(key), mark);
    else tally.add('name', pathOf(key));
  }
  const ofFiles = [...files.keys()].flatMap((path) => [...foldersOf(path)]);
  const folders = new Set([...[...shown].filter(isNameHere).map(pathOf), ...ofFiles]);
  const untold = [...files.keys(), ...folders].filter((path) => !permissions.has(path));
  if (untold.length > 0)
    throw new Busy(`${FACL} says nothing of ${formatEntries(untold.length)}: ${name3(untold)}`);
  for (const path of permissions.keys())
    if (isAbsent(path, { files, folders }) && !(tally.list.length > 0 && isOdd(path)))
      tally.add('absent', path);
  return { files, folders, permissions, leftOut: tally.list };
}

/** Whether two looks show the very same. */
export function isSameLook(one: Look, other: Look): boolean {
  return (
    one.facl === other.facl &&
    one.files.size === other.files.size &&
    [...one.files].every(([key, mark]) => isSame(mark, other.files.get(key))) &&
    one.folders.size === other.folders.size &&
    [...one.folders].every((folder) => other.folders.has(folder))
  );
}

/** A file as it was fetched. */
export type Fetched = Pick<Entry, 'mtime' | 'bytes' | 'sha256'>;

/** The store says nothing of a folder's time: it is that of the newest file in it. */
function timesOfFolders(files: ReadonlyMap<string, Fetched>): Map<string, string> {
  const times = new Map<string, string>();
  for (const [path, { mtime }] of files)
    for (const folder of [...foldersOf(path), '']) {
      const before = times.get(folder);
      if (before === undefined || Number(mtime) > Number(before)) times.set(folder, mtime);
    }
  return times;
}

const NO_TIME = '0.000000000';

/** The tree that it is. @param fetched of every file, by path */
export function treeOf(theirs: Theirs, fetched: ReadonlyMap<string, Fetched>): Entry[] {
  const { files, folders, permissions } = theirs;
  const said = (path: string): Permissions => permissions.get(path) ?? { mode: '0', uid: '0', gid: '0' };
  const times = timesOfFolders(fetched);
  return [
    ...['', ...folders].map((path): Entry => ({
      path,
      type: 'd',
      mtime: times.get(path) ?? NO_TIME,
      ...said(path),
    })),
    ...[...files].flatMap(([path, object]): Entry[] => {
      const file = fetched.get(path);
      return file ? [{ path, type: 'f', ...file, object, ...said(path) }] : [];
    }),
  ].toSorted(byPath);
}
