/** What the options of a mover are where a spec leaves them out. Without the schema, for workflow code. */
import type { Filters } from './records';
import type { MoverSpec, RsyncSpec } from './spec';

/** As the schema fills them in. */
export const DEFAULT_RSYNC: RsyncSpec = {
  exclude: [],
  include: [],
  compress: 'auto',
  checksum: false,
  extraOptions: [],
};

/** The options of rsync; for restores into a directory also where the relationship's mover is another. */
export function rsyncOptions(mover: MoverSpec): RsyncSpec {
  return mover.rsync ?? DEFAULT_RSYNC;
}

const NO_FILTERS: Filters = { include: [], exclude: [] };

/** What a mover leaves out of a copy; undefined where it carries everything. */
export function filtersOf({ rsync }: MoverSpec): Filters | undefined {
  return rsync && rsync.exclude.length > 0 ? { include: rsync.include, exclude: rsync.exclude } : undefined;
}

/**
 * The mover as it was when a copy was made with these filters. What is restored, or compared, is what the copy holds,
 * whatever is excluded by now.
 */
export function withFilters(mover: MoverSpec, filters: Filters = NO_FILTERS): MoverSpec {
  return mover.rsync ? { ...mover, rsync: { ...mover.rsync, ...filters } } : mover;
}
