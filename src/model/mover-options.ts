/** What the options of a mover are where a spec leaves them out. Without the schema, for workflow code. */
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
