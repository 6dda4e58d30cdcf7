/** What of a source a copy does not hold, and why: counted and named, so that "equal" never speaks for it. Pure. */

/** Why something was not carried. One word for each in every result, table and JSON. */
export type LeftOutReason =
  /** Another filesystem is mounted there: the folder is carried, what is mounted on it is not. */
  | 'mount'
  /** Another subvolume, or a dataset below, that this relationship does not carry. */
  | 'subvolume'
  /** Tidemark's own `.tidemark`, or a folder of partial files. */
  | 'tidemark'
  /** The filesystem's own `lost+found`. */
  | 'lost+found'
  | 'socket'
  /** An image, or one platform of one, that could not be carried. */
  | 'image'
  /** The rest is carried, but for what the receiver can't keep: it is no root, or its filesystem lacks it. */
  | 'owner'
  | 'device'
  | 'capability'
  | 'xattr'
  | 'acl'
  | 'time'
  /** More names of one file than the receiver's filesystem takes: carried as files of their own. */
  | 'hardlink';

/** One reason for which entries are missing from a copy, or are there without something. */
export interface LeftOut {
  reason: LeftOutReason;
  /** Entries that it holds for. */
  count: number;
  /** Some of them, as paths in the volume fit to be shown; at most {@link LEFT_OUT_EXAMPLES}. */
  examples: string[];
}

export const LEFT_OUT_EXAMPLES = 5;

/** Adds up what several steps left out, one entry for each reason. */
export function mergeLeftOut(...lists: readonly (readonly LeftOut[] | undefined)[]): LeftOut[] {
  const merged = new Map<LeftOutReason, LeftOut>();
  for (const { reason, count, examples } of lists.flatMap((list) => list ?? [])) {
    const before = merged.get(reason);
    merged.set(reason, {
      reason,
      count: (before?.count ?? 0) + count,
      examples: [...(before?.examples ?? []), ...examples].slice(0, LEFT_OUT_EXAMPLES),
    });
  }
  return [...merged.values()];
}
