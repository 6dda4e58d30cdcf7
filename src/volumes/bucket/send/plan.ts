/** What a writer sends to a bucket, and what it takes away there. Pure. */
import { isFileKey, keyOf } from '../layout';
import type { Listing } from '../listing';
import { isSame } from '../listing';
import type { Entry } from '../manifest';

export interface Upload {
  path: string;
  key: string;
}

export interface WritePlan {
  /** Nothing lies at these keys. */
  added: Upload[];
  /** Something does, and is moved away first. */
  replaced: Upload[];
  /** Keys of what the new state has not. */
  removed: string[];
  /** Files that are there as they are to be, by path: what their objects are. */
  unchanged: Map<string, NonNullable<Entry['object']>>;
}

export interface WriteQuestion {
  /** Of the new state: its files, with their checksums. One without is sent. */
  files: readonly Entry[];
  /** Of the newest state in the bucket: its files. */
  before: readonly Entry[];
  /** What is in the bucket now. */
  listing: Listing;
}

/**
 * A file is not sent again where the newest state has it, of the same checksum, and its object is the very one that this state
 * was written with: what others did to the bucket meanwhile, and what a writer left that was cut off, is put right.
 */
export function planWrite({ files, before, listing }: WriteQuestion): WritePlan {
  const known = new Map(before.map((entry) => [entry.path, entry]));
  const plan: WritePlan = { added: [], replaced: [], removed: [], unchanged: new Map() };
  const wanted = new Set<string>();
  for (const { path, sha256 } of files) {
    const key = keyOf(path);
    wanted.add(key);
    const there = listing.get(key);
    const { object, sha256: knownHash } = known.get(path) ?? {};
    if (object && sha256 !== undefined && sha256 === knownHash && isSame(object, there))
      plan.unchanged.set(path, object);
    else plan[there ? 'replaced' : 'added'].push({ path, key });
  }
  for (const key of listing.keys()) if (isFileKey(key) && !wanted.has(key)) plan.removed.push(key);
  return plan;
}

/** Folders of the former state that are files by now: where a store has folders, they are in the way. */
export function foldersInTheWay({ added, removed }: WritePlan): string[] {
  const folders = new Set(
    removed.flatMap((key) => {
      const names = key.split('/').slice(0, -1);
      return names.map((_, index) => names.slice(0, index + 1).join('/'));
    }),
  );
  return added.map(({ key }) => key).filter((key) => folders.has(key));
}

/** Entries that one state has and a later one has not, by path. */
export function listGone(before: readonly Entry[], after: readonly Entry[]): string[] {
  const there = new Set(after.map(({ path }) => path));
  return before.map(({ path }) => path).filter((path) => !there.has(path));
}

/** How many entries are new, or other than they were, in content or in any attribute. */
export function countChanges(before: readonly Entry[], after: readonly Entry[]): number {
  const lookOf = ({ object: _where, ...entry }: Entry) => JSON.stringify(Object.entries(entry).toSorted());
  const there = new Map(before.map((entry) => [entry.path, lookOf(entry)]));
  return after.filter((entry) => there.get(entry.path) !== lookOf(entry)).length;
}
