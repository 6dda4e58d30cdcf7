/** What of a tree VolSync's layout holds: files and folders, their modes, owners and ACLs. Pure. */
import { keepsTime } from '../../../model/keeps';
import type { LeftOut } from '../../../model/left-out';
import { Tally } from '../../../trees/left-out';
import { isOdd } from '../layout';
import type { Entry } from '../manifest';
import { ACCESS_ACL, DEFAULT_ACL } from './acl';
import { FACL } from './facl';

/** What a store can do, as rclone says it. */
export interface StoreFeatures {
  /** A folder can be there without a file in it. */
  hasFolders: boolean;
  /** Times of files are kept in steps of so many nanoseconds. */
  timeStepNs: number;
}

export interface Held {
  entries: Entry[];
  leftOut: LeftOut[];
}

/** A name that stores change, or that the layout has for itself. */
export const isHeldName = (path: string): boolean => path !== FACL && !isOdd(path);

/** Paths of the folders that a path lies in, without the root. */
export function* foldersOf(path: string): Generator<string> {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    yield path.slice(0, end);
}

const isAcl = (name: string): boolean => name === ACCESS_ACL || name === DEFAULT_ACL;

/** What is left of a file or a folder. */
function strip(entry: Entry, { timeStepNs }: StoreFeatures, tally: Tally): Entry {
  const { linkOf, hasHoles, xattrs = {}, ...rest } = entry;
  const { path, type, mtime } = entry;
  const names = Object.keys(xattrs);
  if (linkOf !== undefined) tally.add('hardlink', path);
  if (hasHoles) tally.add('hole', path);
  if (names.includes('security.capability')) tally.add('capability', path);
  if (names.some((name) => !isAcl(name) && name !== 'security.capability')) tally.add('xattr', path);
  if (type === 'f' && !keepsTime(mtime, { timeStepNs })) tally.add('time', path);
  const acls = Object.fromEntries(Object.entries(xattrs).filter(([name]) => isAcl(name)));
  return { ...rest, ...(Object.keys(acls).length > 0 && { xattrs: acls }) };
}

/** The reason for which all of an entry is left out. */
function reasonOf({ path, type }: Entry) {
  if (!isHeldName(path)) return 'name';
  if (type === 'l') return 'symlink';
  if (type === 'p') return 'pipe';
  return type === 'b' || type === 'c' ? 'device' : undefined;
}

export function holdTree(entries: readonly Entry[], features: StoreFeatures): Held {
  const tally = new Tally();
  const kept = entries.flatMap((entry) => {
    const reason = reasonOf(entry);
    if (reason === undefined) return [strip(entry, features, tally)];
    tally.add(reason, entry.path);
    return [];
  });
  if (features.hasFolders) return { entries: kept, leftOut: tally.list };
  const filled = new Set(kept.flatMap(({ path, type }) => (type === 'f' ? [...foldersOf(path)] : [])));
  const isThere = ({ path, type }: Entry) => type !== 'd' || path === '' || filled.has(path);
  for (const entry of kept) if (!isThere(entry)) tally.add('folder', entry.path);
  return { entries: kept.filter(isThere), leftOut: tally.list };
}
