/** One table from the messages of `btrfs send`, `btrfs receive` and ssh to classified errors. Pure. */
import type { TidemarkError } from '../../../model/errors';
import {
  applyRules,
  type Ending,
  type Rule,
  SSH,
  STILL_WRITING,
  target,
} from '../../../movers/shared/ssh-rules';

/** How sending one subvolume ended. */
export interface StreamEnding extends Omit<Ending, 'exitCode' | 'stderr'> {
  /** Of `btrfs send`. */
  send: { exitCode: number; stderr: string };
  /** Of ssh, which ends as the landing's `btrfs receive` does. */
  ssh: { exitCode: number; stderr: string };
}

const goesOn = 'it is sent again from the same base, by itself';

/** Before what ssh may say: another mover's table there knows these words too. */
const MISSING: readonly Rule[] = [
  {
    says: /^(env: .{1,3}(btrfs|flock).{1,3}: No such file or directory|flock: failed to execute btrfs: .*)/,
    type: 'ToolMissing',
    message: (ending) => `btrfs or flock is missing at ${target(ending)}`,
    hint: 'install it there: apt-get install btrfs-progs util-linux',
    at: 'target',
  },
];

const RECEIVE: readonly Rule[] = [
  {
    says: /^ERROR: (cannot find parent subvolume|parent subvol is not reachable|subvolume .* is not (read-only|a subvolume))/,
    type: 'BaseLost',
    message: (ending) => `${target(ending)} no longer has the base of this transfer`,
    hint: 'the next older state that both hold is taken, or everything is sent again automatically',
    at: 'target',
  },
  {
    says: /^ERROR: .*(No space left on device|Disk quota exceeded)/,
    type: 'TargetFull',
    message: (ending) => `there is no room left at ${target(ending)}`,
    hint: 'make room there, or keep fewer recovery points (spec.retain); the recovery points are whole',
    at: 'target',
  },
  {
    // An attempt whose agent was lost: a new landing begins by removing it.
    says: /^ERROR: creating (subvolume|snapshot) .* failed: File exists/,
    type: 'TransferInterrupted',
    message: (ending) => `an earlier attempt left something at ${target(ending)}`,
    hint: goesOn,
    at: 'target',
  },
  {
    says: /^ERROR: .*Read-only file system/,
    type: 'NotMounted',
    message: (ending) => `the filesystem at ${target(ending)} is mounted read-only`,
    hint: 'mount it for writing: mount -o remount,rw; see the kernel log for why it is not',
    at: 'target',
  },
  {
    says: /^(flock: cannot open lock file .*|ERROR: realpath\(.*\) failed): (No such file or directory|Not a directory|Stale file handle)/,
    type: 'VolumeMissing',
    message: (ending) => `the volume at ${target(ending)} is not there`,
    hint: 'mount it, or mend the path in the spec',
    at: 'target',
  },
  {
    says: /^ERROR: .* (doesn't belong to|is not a) btrfs/,
    type: 'NotMounted',
    message: (ending) => `what is at ${target(ending)} now lies on no btrfs`,
    hint: 'mount it, or mend the path in the spec',
    at: 'target',
  },
  {
    // What the stream changes is not there: the base was changed, though it says that it is the same.
    says: /^ERROR: (unlink|rename|rmdir|link|open|truncate|chmod|chown|utimes|clone|lsetxattr|removexattr|cannot open) .*: No such file or directory/,
    type: 'BaseLost',
    message: (ending) => `the base at ${target(ending)} is not what it says it is`,
    hint: 'the next older state that both hold is taken, or everything is sent again automatically',
    at: 'target',
  },
  STILL_WRITING,
  {
    says: /^ERROR: (short read from stream|unexpected EOF|empty stream|crc32 mismatch|invalid tlv|unexpected header|bad magic|unsupported version)/,
    type: 'TransferInterrupted',
    message: (ending) => `the transfer to ${target(ending)} was cut off`,
    hint: goesOn,
    at: 'target',
  },
  {
    exitCodes: [129, 130, 137, 141, 143, 255],
    type: 'TransferInterrupted',
    message: (ending) => `the connection to ${target(ending)} broke`,
    hint: goesOn,
    at: 'source',
  },
];

const SEND: readonly Rule[] = [
  {
    says: /^ERROR: (realpath .* failed|parent subvolume .* is not read-only|could not .*parent|cannot find .*parent)/,
    type: 'BaseLost',
    message: () => 'the source no longer has the base of this transfer',
    hint: 'the next older state that both hold is taken, or everything is sent again automatically',
    at: 'source',
  },
  {
    says: /^ERROR: (unable to resolve|cannot open|subvolume .* is not read-only|not a subvolume)/,
    type: 'VolumeMissing',
    message: (ending) => `the frozen state ${ending.sourcePath} is gone`,
    hint: 'run the sync again: it freezes the source anew',
    at: 'source',
  },
  {
    says: /^ERROR: .*Input\/output error/,
    type: 'ToolFailed',
    message: () => 'the source can not be read: its filesystem is damaged',
    hint: 'see the kernel log, and: btrfs scrub start; the recovery points are whole',
    at: 'source',
  },
  {
    exitCodes: [129, 130, 137, 141, 143],
    type: 'TransferInterrupted',
    message: (ending) => `the transfer to ${target(ending)} was cut off`,
    hint: goesOn,
    at: 'source',
  },
];

/** As a program ends whose reader was gone: by the signal, or by what the kernel says of a pipe that is a socket. */
export function foundNobody({ exitCode, stderr }: StreamEnding['send']): boolean {
  return exitCode === 141 || /broken pipe|connection reset by peer/i.test(stderr);
}

/** The error for an ending in which either side failed. */
export function classifyStream({ send, ssh, ...about }: StreamEnding): TidemarkError {
  // The sender that found nobody to send to says nothing of why.
  if (send.exitCode !== 0 && !foundNobody(send)) return applyRules(SEND, { ...about, ...send }, 'btrfs send');
  return applyRules([...MISSING, ...SSH, ...RECEIVE], { ...about, ...ssh }, 'btrfs receive');
}
