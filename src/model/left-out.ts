/** What of a source a copy does not hold, and why: counted and named, so that "equal" never speaks for it. Pure. */
import { formatCount, formatEntries } from './units';

/** Why something was not carried. One word for each in every result, table and JSON. */
export const LEFT_OUT_REASONS = [
  /** Another filesystem is mounted there: the folder is carried, what is mounted on it is not. */
  'mount',
  /** Another subvolume, or a dataset below, that this relationship does not carry. */
  'subvolume',
  /** What lies in a folder on which a dataset below is mounted: its place in a tree is taken. */
  'covered',
  /** Tidemark's own `.tidemark`, or a folder of partial files. */
  'tidemark',
  /** The filesystem's own `lost+found`. */
  'lost+found',
  'socket',
  /** What the layout of a store can't hold. */
  'symlink',
  'pipe',
  'name',
  'folder',
  /** The rest is carried: each name as a file of its own, and what was a hole as zeros. */
  'hardlink',
  'hole',
  /** What others wrote tells of it, and has it not. */
  'absent',
  /** An image, or one platform of one, that could not be carried. */
  'image',
  /** The rest is carried, but for what the receiver can't keep: it is no root, or its filesystem lacks it. */
  'owner',
  'device',
  'capability',
  'xattr',
  'acl',
  'time',
] as const;

export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

/** One reason for which entries are missing from a copy, or are there without something. */
export interface LeftOut {
  reason: LeftOutReason;
  /** Entries that it holds for. */
  count: number;
  /** Some of them, as paths in the volume fit to be shown; at most {@link LEFT_OUT_EXAMPLES}. */
  examples: string[];
}

export const LEFT_OUT_EXAMPLES = 5;

/** A path is told by so much of it at most: results travel through Temporal and stand in ZFS properties. */
const EXAMPLE_LENGTH = 200;

/** Adds up what several steps left out, one entry for each reason. */
export function mergeLeftOut(...lists: readonly (readonly LeftOut[] | undefined)[]): LeftOut[] {
  const merged = new Map<LeftOutReason, LeftOut>();
  for (const { reason, count, examples } of lists.flatMap((list) => list ?? [])) {
    if (count === 0) continue;
    const before = merged.get(reason);
    merged.set(reason, {
      reason,
      count: (before?.count ?? 0) + count,
      examples: [...(before?.examples ?? []), ...examples.map((path) => shorten(path, EXAMPLE_LENGTH))].slice(
        0,
        LEFT_OUT_EXAMPLES,
      ),
    });
  }
  return [...merged.values()];
}

/** The same counts without a path: where many lists travel together. */
export function withoutExamples(list: readonly LeftOut[]): LeftOut[] {
  return list.map(({ reason, count }) => ({ reason, count, examples: [] }));
}

const NOUNS: Record<LeftOutReason, (count: number) => string> = {
  mount: countOf('mount'),
  subvolume: countOf('subvolume'),
  covered: countOf('folder under a mounted dataset', 'folders under mounted datasets'),
  tidemark: countOf('folder of Tidemark itself', 'folders of Tidemark itself'),
  'lost+found': (count) => `${count} lost+found`,
  socket: countOf('socket'),
  symlink: countOf('symlink'),
  pipe: countOf('pipe'),
  name: countOf('name that can not be kept', 'names that can not be kept'),
  folder: countOf('empty folder'),
  hardlink: countOf('hard link'),
  hole: ofEntries('holes'),
  absent: countOf('entry that is not there', 'entries that are not there'),
  image: countOf('image'),
  owner: ofEntries('the owner'),
  device: countOf('device'),
  capability: ofEntries('the capabilities'),
  xattr: ofEntries('extended attributes'),
  acl: ofEntries('the ACL'),
  time: ofEntries('the exact time'),
};

function countOf(one: string, many = `${one}s`): (count: number) => string {
  return (count) => formatCount(count, one, many);
}

function ofEntries(what: string): (count: number) => string {
  return (count) => `${what} of ${formatEntries(count)}`;
}

function shorten(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const half = Math.floor((length - 1) / 2);
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`;
}

/** In a few words, without paths: `2 mounts, 1 socket`. */
export function describeLeftOut(list: readonly LeftOut[]): string {
  return list.map(({ reason, count }) => NOUNS[reason](count)).join(', ');
}

/** One line for each reason, with as many examples as fit: `2 mounts (var/cache, srv/data)`. */
export function leftOutLines(list: readonly LeftOut[], width: number): string[] {
  return list.map(({ reason, count, examples }) => {
    const head = NOUNS[reason](count);
    const room = width - head.length - ' ()'.length - ', …'.length;
    const told: string[] = [];
    for (const example of examples) {
      const fits = [...told, example].join(', ').length <= room;
      if (fits) told.push(example);
      else break;
    }
    if (told.length === 0 && examples[0] !== undefined && room > 10) told.push(shorten(examples[0], room));
    if (told.length === 0) return head;
    return `${head} (${[...told, ...(told.length < count ? ['…'] : [])].join(', ')})`;
  });
}
