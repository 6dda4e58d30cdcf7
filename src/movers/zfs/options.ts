import type { MoverSpec, ZfsSpec } from '../../model/spec';

/** As the schema fills them in. */
const DEFAULT_ZFS: ZfsSpec = { recursive: false, properties: false, intermediates: false, raw: 'auto' };

/** The options of this mover. */
export function zfsOptions(mover: MoverSpec): ZfsSpec {
  return mover.zfs ?? DEFAULT_ZFS;
}
