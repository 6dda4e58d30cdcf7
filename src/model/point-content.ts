/** What is told of the content of recovery points: pages of entries, versions of a file, and what differs. Pure. */
import type { Instant } from './records';

export type EntryType = 'file' | 'folder' | 'link' | 'pipe' | 'socket' | 'device' | 'image';

/** One entry of a recovery point, as whatever lists it tells. */
export interface Entry {
  /** Below the root of the point; bytes that are no text as `\#ooo`. Of an image its name. */
  path: string;
  type: EntryType;
  /** Of files and images. */
  bytes?: number;
  /** As exact as it is known, to nine decimals. */
  modifiedAt?: Instant;
  /** Octal, without the type. */
  mode?: string;
  /** Numbers: `1000:1000`. */
  owner?: string;
  /** Of a symlink, where that is known. */
  target?: string;
  /** Of the content, where it is known without reading that. */
  digest?: string;
}

/** A point, as far as lists name it. */
export interface PointRef {
  id: string;
  capturedAt: Instant;
}

/** Temporal takes 2 MiB at once; this is more than anybody reads, of whatever characters. */
const MOST_CHARACTERS = 256 * 1024;

/** The first of a list that go through Temporal at once. At least one. */
function fitting<T>(items: readonly T[]): T[] {
  let characters = 0;
  const end = items.findIndex((item, index) => {
    characters += JSON.stringify(item).length;
    return index > 0 && characters > MOST_CHARACTERS;
  });
  return end < 0 ? [...items] : items.slice(0, end);
}

const byPath = (one: { path: string }, other: { path: string }): number =>
  one.path < other.path ? -1 : one.path > other.path ? 1 : 0;

/** The first of any number of entries, in the order of their paths: keeps no more of them than it is asked for. */
export class Page<T extends { path: string }> {
  private kept: T[] = [];
  private count = 0;

  /** @param after only what comes after this path */
  constructor(
    private readonly limit: number,
    private readonly after = '',
  ) {}

  readonly add = (item: T): void => {
    if (this.after !== '' && item.path <= this.after) return;
    this.count++;
    this.kept.push(item);
    if (this.kept.length >= 2 * this.limit + 1000) this.trim();
  };

  private trim(): void {
    this.kept = this.kept.sort(byPath).slice(0, this.limit);
  }

  /** `more`: how many come after these. */
  close(): { items: T[]; more: number } {
    this.trim();
    const items = fitting(this.kept);
    return { items, more: this.count - items.length };
  }
}

/**
 * In what two entries of one path differ, in the words of `Difference.what`. The time of a folder says only that something
 * was made or removed in it, which is told by itself.
 */
export function whatDiffers(one: Omit<Entry, 'path'>, other: Omit<Entry, 'path'>): string[] {
  if (one.type !== other.type) return ['type'];
  const isFolder = one.type === 'folder';
  const differs: [string, boolean][] = [
    ['content', one.digest !== other.digest || one.target !== other.target],
    ['size', !isFolder && one.bytes !== other.bytes],
    ['time', !isFolder && one.modifiedAt !== other.modifiedAt],
    ['permissions', one.mode !== other.mode],
    ['owner', one.owner !== other.owner],
  ];
  return differs.flatMap(([what, isSo]) => (isSo ? [what] : []));
}

const isSameVersion = (one: Entry, other: Entry): boolean =>
  whatDiffers(one, other).every((what) => what === 'permissions' || what === 'owner');

/** One version of a file, in points that follow one another. */
export interface Version extends Entry {
  /** The oldest point that has it, and the newest of the same run. */
  first: string;
  last: string;
}

/** Which points hold what, told point by point, the newest first. */
export class Versions {
  private readonly byPath = new Map<string, Version[]>();
  private before: string | undefined;

  addPoint({ id }: PointRef, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const versions = this.byPath.get(entry.path) ?? [];
      const newer = versions.at(-1);
      if (newer && newer.first === this.before && isSameVersion(newer, entry)) newer.first = id;
      else versions.push({ ...entry, first: id, last: id });
      this.byPath.set(entry.path, versions);
    }
    this.before = id;
  }

  /** Of so many paths, the first: the versions of each, newest first. */
  close(limit: number): { versions: Version[]; isCut: boolean } {
    const paths = [...this.byPath.keys()].sort();
    const all = paths.slice(0, limit).flatMap((path) => this.byPath.get(path) ?? []);
    const versions = fitting(all);
    return { versions, isCut: paths.length > limit || versions.length < all.length };
  }
}

export const CHANGES = ['added', 'removed', 'changed'] as const;

/** What became of one path between two states. */
export interface Change {
  path: string;
  change: (typeof CHANGES)[number];
  type: EntryType;
  /** Of what changed: in what. */
  what?: string[];
  /** Of files, images and links: what it was and what it is. */
  bytes?: { before?: number; after?: number };
}

export interface ChangeCount {
  entries: number;
  /** Of what was removed, as it was; of the rest, as it is. */
  bytes: number;
}

/** More would take the agent's memory: some 250 MB. */
export const MOST_COMPARED = 1_000_000;

/** What changed from one state to another. First all of the earlier one is told, then all of the later. */
export class Comparing {
  private readonly before = new Map<string, string>();
  private readonly counts = {
    added: { entries: 0, bytes: 0 },
    removed: { entries: 0, bytes: 0 },
    changed: { entries: 0, bytes: 0 },
  };
  private readonly page: Page<Change>;

  constructor(limit: number, after?: string) {
    this.page = new Page(limit, after);
  }

  /** False where there are more than can be compared. */
  readonly addBefore = ({ path, ...rest }: Entry): boolean => {
    this.before.set(path, JSON.stringify(rest));
    return this.before.size <= MOST_COMPARED;
  };

  readonly addAfter = ({ path, ...rest }: Entry): void => {
    const text = this.before.get(path);
    this.before.delete(path);
    if (text === undefined) return this.note(path, 'added', undefined, rest);
    const former = JSON.parse(text) as Omit<Entry, 'path'>;
    const what = whatDiffers(former, rest);
    if (what.length > 0) this.note(path, 'changed', former, rest, what);
  };

  private note(
    path: string,
    change: Change['change'],
    before: Omit<Entry, 'path'> | undefined,
    after: Omit<Entry, 'path'> | undefined,
    what?: string[],
  ): void {
    const shown = after ?? before;
    const count = this.counts[change];
    count.entries++;
    count.bytes += shown?.bytes ?? 0;
    const bytes = {
      ...(before?.bytes !== undefined && { before: before.bytes }),
      ...(after?.bytes !== undefined && { after: after.bytes }),
    };
    this.page.add({
      ...{ path, change, type: shown?.type ?? 'file' },
      ...(what && { what }),
      ...(Object.keys(bytes).length > 0 && { bytes }),
    });
  }

  close(): { changes: Change[]; more: number; counts: Record<Change['change'], ChangeCount> } {
    for (const [path, text] of this.before)
      this.note(path, 'removed', JSON.parse(text) as Omit<Entry, 'path'>, undefined);
    this.before.clear();
    const { items, more } = this.page.close();
    return { changes: items, more, counts: this.counts };
  }
}

/** Whether a path lies in a folder, or is it: directly, or however deep. Without a folder: in the root. */
export function liesIn(path: string, folder: string | undefined, deep: boolean): boolean {
  if (folder === undefined) return deep || !path.includes('/');
  if (path === folder) return true;
  return path.startsWith(`${folder}/`) && (deep || !path.slice(folder.length + 1).includes('/'));
}
