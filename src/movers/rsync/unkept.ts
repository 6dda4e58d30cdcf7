/** What a receiver that is not root can't have kept: found at the source, since it takes the rest for equal. */
import type { Runner } from '../../hosts/contract';
import { isRoot } from '../../model/keeps';
import type { LeftOut, LeftOutReason } from '../../model/left-out';
import { rsyncOptions } from '../../model/movers';
import { showPath } from '../../trees/left-out';
import { findLeftOut, type Walked } from './left-out';

/** An entry that differs at the receiver, whatever that says. */
export interface Unkept {
  /** As it is shown. */
  path: string;
  /** As rsync prints names; see `unescapeName`. */
  name: string;
  what: string[];
}

/** In the words of `Difference.what`. */
const WHAT: Partial<Record<LeftOutReason, string>> = {
  owner: 'owner',
  device: 'missing',
  capability: 'xattr',
  xattr: 'xattr',
};

const ATTRIBUTES: readonly LeftOutReason[] = ['capability', 'xattr', 'acl'];

/** Every byte that could be taken for something else, as a backslash, a hash and three octal digits. */
const escapeName = (latin1: string) =>
  latin1.replaceAll(
    /[^\x20-\x7e]|\\(?=#)/g,
    (char) => `\\#${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );

/**
 * What of a tree is not compared at all; and what is known to differ, because it could not be kept: that is a
 * difference, not left out. A quick comparison only counts it.
 */
export async function findUnkept(
  host: Runner,
  walked: Walked & { quick: boolean },
): Promise<{ leftOut: LeftOut[]; unkept: Unkept[] }> {
  const { keeps } = walked;
  const differs = (reason: LeftOutReason) =>
    keeps !== undefined && !isRoot(keeps) && WHAT[reason] !== undefined;
  const unkept: Unkept[] = [];
  const onFound = (reason: LeftOutReason, path: string) => {
    if (differs(reason))
      unkept.push({ path: showPath(path), name: escapeName(path), what: [WHAT[reason] ?? ''] });
  };
  const leftOut = await findLeftOut(host, { ...walked, onFound, strict: !walked.quick });
  // Of an account it is known beforehand, and told by each push: no damage that somebody could mend.
  if (walked.quick || walked.account) return { leftOut, unkept: [] };
  const { extraOptions } = rsyncOptions(walked.mover);
  // Attributes and ACLs that a filesystem lacks are compared by rsync itself, unless it is told not to look.
  const isLookedAt = (reason: LeftOutReason) =>
    ATTRIBUTES.includes(reason) && !extraOptions.includes(reason === 'acl' ? '--no-acls' : '--no-xattrs');
  const isCompared = (reason: LeftOutReason) => differs(reason) || isLookedAt(reason);
  return { leftOut: leftOut.filter(({ reason }) => !isCompared(reason)), unkept };
}
