/** What of a bucket nobody needs any more. Pure. */
import { keptFolder, keyOf, numberOf, parseKept, type KeptFolder } from './layout';
import { isSame, type Listing } from './listing';
import type { Entry } from './manifest';

/** In order: by whom something was replaced says when. */
const byWriter = (one: KeptFolder, other: KeptFolder): number =>
  numberOf(one.by) - numberOf(other.by) || (one.by < other.by ? -1 : 1);

/** Folders of what was replaced, in the order in which that was done. */
export function keptFoldersIn(listing: Listing): KeptFolder[] {
  const found = new Map<string, KeptFolder>();
  for (const key of listing.keys()) {
    const kept = parseKept(key);
    if (kept) found.set(keptFolder(kept), { replaced: kept.replaced, by: kept.by });
  }
  return [...found.values()].toSorted(byWriter);
}

/**
 * Where the file of a state may lie, the likeliest first: at its own name, as long as the object there is the one that the state
 * was written with; else where the first writer after it has put what it replaced.
 */
export function candidatesOf(
  stateId: string,
  { path, object }: Entry,
  { listing, folders }: { listing: Listing; folders: readonly KeptFolder[] },
): string[] {
  const key = keyOf(path);
  const there = listing.get(key);
  const isTheOne = isSame(object, there);
  const kept = folders
    .filter(({ replaced }) => replaced >= stateId)
    .map((folder) => `${keptFolder(folder)}/${key}`)
    .filter((candidate) => listing.has(candidate));
  // The last is a guess: somebody may have copied the whole bucket. The checksum says whether it is right.
  return isTheOne ? [key, ...kept] : [...kept, ...(there ? [key] : [])];
}

export interface PruneQuestion {
  /** The state that goes, and what it has. */
  going: string;
  entries: readonly Entry[];
  /** The newest state before it that stays, and what that has; undefined where none does. */
  before?: { entries: readonly Entry[] };
  /** The oldest state after it that stays. */
  after?: string;
  listing: Listing;
}

/**
 * Of what was replaced since the state that goes, and before the next one that stays: keys that no state needs which stays. An earlier
 * state needs what it has in common with the one that goes, from the first folder that has it.
 */
export function planPrune({ going, entries, before, after, listing }: PruneQuestion): string[] {
  const folders = keptFoldersIn(listing).filter(
    ({ replaced }) => replaced >= going && (after === undefined || replaced < after),
  );
  const inFolders = new Set(folders.map(keptFolder));
  const earlier = new Map(before?.entries.map((entry) => [entry.path, entry.sha256]));
  const needed = new Set<string>();
  for (const { path, sha256 } of entries) {
    if (sha256 === undefined || earlier.get(path) !== sha256) continue;
    const key = keyOf(path);
    const first = folders.map((folder) => `${keptFolder(folder)}/${key}`).find((kept) => listing.has(kept));
    if (first !== undefined) needed.add(first);
  }
  return [...listing.keys()].filter((key) => {
    const kept = parseKept(key);
    return kept !== undefined && inFolders.has(keptFolder(kept)) && !needed.has(key);
  });
}
