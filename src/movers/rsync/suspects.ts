/**
 * Files whose contents may differ from the target's though size and time agree, so that rsync's quick check would
 * take them for equal: whoever writes to a file can set its time back, but not its change time.
 */
import { findBirth } from '../../trees/birth';
import type { Runner } from '../../hosts/contract';
import {
  type Change,
  type Fingerprint,
  FingerprintComparer,
  FingerprintMaker,
} from '../../trees/fingerprint';
import { type OnEntry, walk, type WalkEntry, type WalkOptions } from '../../trees/walk';
import type { SourceHistory } from './source-history';

export interface SourceLook {
  /** Paths as `./a/b`, a byte a character. */
  suspects: string[];
  /** What the source looks like, to be compared with next time. */
  now: Fingerprint;
  /** What has become of the source since the target's newest point; undefined where that is not wholly known. */
  since?: {
    /** Entries that it had then. */
    entriesBefore: number;
    /** Those of them that are gone. */
    vanished: number;
    changed: readonly Change[];
  };
}

interface Question {
  /** What is read. */
  sourcePath: string;
  /** Of a clone, whose files are all new: the live volume, which is looked at in its place. */
  livePath?: string;
  history: Pick<SourceHistory, 'confirmed' | 'isUnconfirmed'>;
  /**
   * A time that moved alone has nothing sent, and so parts no names of one file: the target keeps times less exactly, or
   * contents are compared by checksum.
   */
  isBlind?: boolean;
  /** Is told of each entry, too. */
  onEntry?: OnEntry;
}

/** Empty ones too: they may have been names of one file, and have parted. */
const hasContent = ({ type }: WalkEntry) => type === 'f';

/** All files: nothing is known of any of them. */
export async function listFiles(host: Runner, root: string, options: WalkOptions): Promise<string[]> {
  const paths: string[] = [];
  await walk(host, root, (entry) => hasContent(entry) && paths.push(entry.path), options);
  return paths;
}

/** Those of the paths that are files there. Reads nothing where there are none. */
export async function filesAmong(
  host: Runner,
  root: string,
  paths: readonly string[],
  options: WalkOptions,
): Promise<WalkEntry[]> {
  if (paths.length === 0) return [];
  const wanted = new Set(paths);
  const found: WalkEntry[] = [];
  await walk(
    host,
    root,
    (entry) => hasContent(entry) && wanted.has(entry.path) && found.push(entry),
    options,
  );
  return found;
}

const pick = (changed: readonly Change[], how: readonly Change['how'][]) =>
  changed
    .filter((change) => how.includes(change.how) && hasContent(change.entry))
    .map(({ entry }) => entry.path);

/** One walk over the source; another one over a clone that holds what the live volume may not, or where nothing is known. */
export async function lookAtSource(
  host: Runner,
  { sourcePath, livePath, history: { confirmed, isUnconfirmed }, isBlind = false, onEntry }: Question,
  options: WalkOptions,
): Promise<SourceLook> {
  // What was written to the live volume since the clone was begun is not in it.
  const trustedBefore = livePath === undefined ? Infinity : await findBirth(host, sourcePath);
  const [maker, comparer] = [new FingerprintMaker(), new FingerprintComparer(confirmed)];
  const all: OnEntry = (entry, startedAt) => {
    maker.add(entry, Math.min(startedAt, trustedBefore));
    comparer.add(entry, startedAt);
    onEntry?.(entry, startedAt);
  };
  const end = await walk(host, livePath ?? sourcePath, all, options);
  const { changed, vanished, isWhole } = comparer.end(end);
  const now = maker.end(end);
  const isClone = livePath !== undefined;
  // Nothing is known of a single file in the clone by then.
  if (isClone && !confirmed) return { suspects: await listFiles(host, sourcePath, options), now };
  const suspects = pick(changed, [
    'hidden',
    // What is seen to have changed in the live volume may have done so twice: unseen before the clone was made, too.
    ...(isClone || isUnconfirmed || isBlind ? (['visible'] as const) : []),
    // What a broken attempt has brought may have changed since.
    ...(isUnconfirmed ? (['new'] as const) : []),
  ]);
  const isKnown = confirmed !== undefined && isWhole && !isUnconfirmed;
  if (!isClone)
    return {
      suspects,
      now,
      ...(isKnown && { since: { entriesBefore: confirmed.entries, vanished, changed } }),
    };
  const gone = vanished > 0 ? await listGone(host, sourcePath, now, options) : [];
  return { suspects: [...suspects, ...gone], now };
}

/** What is in the clone, and no longer in the live volume. */
async function listGone(
  host: Runner,
  clone: string,
  live: Fingerprint,
  options: WalkOptions,
): Promise<string[]> {
  const comparer = new FingerprintComparer(live);
  const end = await walk(host, clone, comparer.add, options);
  return pick(comparer.end(end).changed, ['new']);
}
