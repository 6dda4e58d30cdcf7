/** What room a target has, and what it lacks where there is not enough: space, inodes, or what a quota leaves. Pure. */
import type { Failure } from './records';
import { formatBytes } from './units';

/** As much as a filesystem, or a pool, tells of itself. */
export interface Room {
  /** For the volume: what a quota of its own storage leaves, where that is less. */
  freeBytes: number;
  /** Left out where the filesystem makes inodes as it needs them. */
  inodes?: { free: number; total: number };
}

/** A quota that leaves a volume less than its filesystem or pool has. */
export interface Quota {
  /** `quota of tank/wiki`. */
  what: string;
  bytes: number;
  usedBytes: number;
  /** Free around it. */
  freeOutsideBytes: number;
  /** How to see it, and how to raise it. */
  hint: string;
}

const leftOf = ({ bytes, usedBytes }: Pick<Quota, 'bytes' | 'usedBytes'>) => bytes - usedBytes;

/** The quota that leaves least, where that is less than there is around it. */
export function findTightest(
  quotas: readonly Omit<Quota, 'freeOutsideBytes'>[],
  freeOutsideBytes: number,
): Quota | undefined {
  const [tightest] = quotas.toSorted((one, other) => leftOf(one) - leftOf(other));
  if (!tightest || leftOf(tightest) >= freeOutsideBytes) return undefined;
  return { ...tightest, freeOutsideBytes };
}

/** What is known of a target that has no room. */
export interface Shortage extends Room {
  /** As far as can be foreseen; zero where what is new should fit. */
  missingBytes: number;
  quota?: Quota;
}

/** Fewer than this share of the inodes are worth a word. */
const FEW_INODES = 0.05;

interface Explanation {
  says: string;
  hint?: string;
}

function explainQuota(quota: Quota, missing: string): Explanation {
  const left = Math.max(0, leftOf(quota));
  const around = `${formatBytes(quota.freeOutsideBytes)} are free around it`;
  return {
    says: `the ${quota.what} is ${formatBytes(quota.bytes)} and leaves ${formatBytes(left)}, though ${around}${missing && `; ${missing}`}`,
    hint: quota.hint,
  };
}

/** Lines of rsync that find no room for a new name; a file that grows says `write failed`. */
const NO_ROOM_FOR_A_NAME = /\b(open|mkstemp|mkdir|mknod|symlink|link) ".*No space left on device/;

/**
 * Whether new names alone found no room: that is inodes, more often than space. What is free is measured after what was
 * begun is removed again, so that the number of free inodes says nothing of it.
 */
function onlyNamesFailed(toolMessage = ''): boolean {
  const failed = toolMessage.split('\n').filter((line) => line.includes('No space left on device'));
  return failed.length > 0 && failed.every((line) => NO_ROOM_FOR_A_NAME.test(line));
}

const FEWER_INODES =
  'remove files there (df -i shows the inodes), or keep fewer recovery points (spec.retain)';

function explain({ toolMessage }: Failure, shortage: Shortage): Explanation {
  const { freeBytes, inodes, missingBytes, quota } = shortage;
  const free = `${formatBytes(freeBytes)} are free`;
  const missing = missingBytes > 0 ? `about ${formatBytes(missingBytes)} more are needed` : '';
  if (quota) return explainQuota(quota, missing);
  if (inodes?.free === 0) {
    return {
      says: `no inode is free (of ${inodes.total}), so that no further file can be made, though ${free}`,
      hint: FEWER_INODES,
    };
  }
  if (/quota exceeded/i.test(toolMessage ?? '')) {
    return {
      says: `a quota is used up, though ${free} on the filesystem`,
      hint: 'raise the quota of the user, the project or the folder there, or keep fewer recovery points (spec.retain)',
    };
  }
  if (missing) return { says: `${free}, ${missing}: that much is missing` };
  if (inodes && onlyNamesFailed(toolMessage)) {
    return {
      says: `the inodes ran out, it seems, as no further file could be made: without what this sync had begun, ${inodes.free} of ${inodes.total} inodes and ${formatBytes(freeBytes)} are free`,
      hint: FEWER_INODES,
    };
  }
  const isShort = inodes && inodes.free < inodes.total * FEW_INODES;
  const few = isShort
    ? `, but only ${inodes.free} of ${inodes.total} inodes: there may be too few of these`
    : ', which should be enough for what is new: something else fills it, or much has changed in place and is kept in older points too';
  return { says: `${free}${few}` };
}

/**
 * The failure with what is lacking, in numbers, and what helps against that.
 * @param isCounted it says already how many bytes are missing: only a quota is worth adding
 */
export function explainFull(failure: Failure, shortage: Shortage, isCounted = false): Failure {
  if (isCounted && !shortage.quota) return failure;
  const { says, hint } = explain(failure, isCounted ? { ...shortage, missingBytes: 0 } : shortage);
  return { ...failure, message: `${failure.message}: ${says}`, ...(hint !== undefined && { hint }) };
}
