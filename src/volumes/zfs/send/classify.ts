/** One table from what `zfs send`, `zfs receive` and ssh say to classified errors. Pure. */
import type { TidemarkError } from '../../../model/errors';
import { applyRules, type Ending, type Rule, SSH, STILL_WRITING } from '../../../movers/shared/ssh-rules';

const target = ({ targetHost }: Ending) => (targetHost === undefined ? 'the target' : `host ${targetHost}`);

/** What each program of the pipe ended with: `zfs send`, and ssh with `zfs receive` behind it. */
export interface StreamEnding extends Omit<Ending, 'exitCode' | 'stderr'> {
  send: { exitCode: number; stderr: string };
  ssh: { exitCode: number; stderr: string };
}

/** How a program ends whose reader has gone: that is not where the cause lies. */
const isBrokenPipe = ({ exitCode, stderr }: StreamEnding['send']) =>
  exitCode === 141 || /Broken pipe/.test(stderr);

const DESTINATION = 'see what is there: zfs list -t snapshot; the recovery points are whole';

const RECEIVE: Rule[] = [
  {
    says: /(env: .{1,3}(zfs|flock).{1,3}: No such file or directory|flock: failed to execute zfs|: zfs: not found)/,
    type: 'ToolMissing',
    message: (ending) => `zfs or flock is missing at ${target(ending)}`,
    hint: 'install it there: apt-get install zfsutils-linux util-linux',
    at: 'target',
  },
  STILL_WRITING,
  {
    says: /out of space|No space left on device|quota exceeded/,
    type: 'TargetFull',
    message: (ending) => `there is no room left for the dataset at ${target(ending)}`,
    hint: 'make room there, or keep fewer recovery points (spec.retain); the recovery points are whole',
    at: 'target',
  },
  {
    says: /has been modified|destination .* contains partially-complete state/,
    type: 'Diverged',
    message: (ending) => `somebody changed the replica at ${target(ending)} since its newest recovery point`,
    hint: 'sync again: it sees the change, and says what can be done',
    at: 'target',
  },
  {
    says: /does not match incremental source|does not$|match incremental source|destination '[^']*' exists|must specify -F|destination has snapshots|could not find incremental source|local origin for clone/,
    type: 'BaseLost',
    message: (ending) => `the base is not the newest state at ${target(ending)}`,
    hint: DESTINATION,
    at: 'target',
  },
  {
    says: /is busy|Device busy/,
    type: 'VolumeBusy',
    message: (ending) => `the replica at ${target(ending)} is in use`,
    hint: 'see what uses it: fuser -vm on its mount point',
    at: 'target',
  },
  {
    says: /dataset does not exist|destination '[^']*' does not exist|no such pool|parent does not exist/,
    type: 'VolumeMissing',
    message: (ending) => `the dataset at ${target(ending)} is not there`,
    hint: 'is its pool imported? See: zpool import; zfs list',
    at: 'target',
  },
  {
    says: /permission denied|insufficient privileges/i,
    type: 'ToolFailed',
    message: (ending) => `zfs may not receive at ${target(ending)}`,
    hint: 'run the agent there as root, or give its user the permissions: zfs allow',
    at: 'target',
  },
  {
    says: /failed to read from stream|invalid stream|checksum mismatch|incomplete stream|stream is incomplete|Connection (reset|closed)|Broken pipe|client_loop|Timeout, server/,
    type: 'TransferInterrupted',
    message: (ending) => `the stream to ${target(ending)} was cut off`,
    hint: 'it restarts automatically from the same base',
    at: 'source',
  },
  {
    exitCodes: [255, 129, 130, 137, 141, 143],
    type: 'TransferInterrupted',
    message: (ending) => `the connection to ${target(ending)} broke`,
    hint: 'it restarts automatically from the same base',
    at: 'source',
  },
];

const SEND: Rule[] = [
  {
    says: /incremental source .* (does not exist|is not earlier)|not an earlier snapshot|incremental source \(/,
    type: 'BaseLost',
    message: () => 'the base is not at the source any more',
    hint: 'the next older state that both sides hold is tried automatically',
    at: 'source',
  },
  {
    says: /dataset does not exist|no such pool/,
    type: 'VolumeMissing',
    message: (ending) => `what was frozen at the source is gone: ${ending.sourcePath}`,
    hint: 'is its pool imported? See: zpool import; zfs list -t snapshot. The next sync freezes it again',
    at: 'source',
  },
  {
    says: /must be sent as raw|key (is )?not (loaded|available)|encryption key/i,
    type: 'UnsupportedCapture',
    message: () => 'the source is encrypted, and its key is not loaded',
    hint: 'set mover.zfs.raw to auto or always, or load the key: zfs load-key',
    at: 'source',
  },
  {
    says: /I\/O error|Input\/output error|checksum/i,
    type: 'ToolFailed',
    message: () => 'the source can not be read',
    hint: 'its pool has damage: see zpool status -v',
    at: 'source',
  },
  {
    exitCodes: [129, 130, 137, 143],
    type: 'TransferInterrupted',
    message: () => 'zfs send was ended',
    hint: 'it restarts automatically from the same base',
    at: 'source',
  },
];

/** The error for a stream that did not arrive. What began the failure counts, not what only saw its end. */
export function classifyStream({ send, ssh, ...about }: StreamEnding): TidemarkError {
  const sendFailed = send.exitCode !== 0 && !isBrokenPipe(send);
  if (sendFailed && SEND.some((rule) => fits(rule, send))) {
    return applyRules(SEND, { ...about, ...send }, 'zfs send');
  }
  if (ssh.exitCode !== 0) return applyRules([...SSH, ...RECEIVE], { ...about, ...ssh }, 'zfs receive');
  return applyRules(SEND, { ...about, ...send }, 'zfs send');
}

function fits({ exitCodes, says }: Rule, { exitCode, stderr }: StreamEnding['send']): boolean {
  return (exitCodes?.includes(exitCode) ?? true) && (says?.test(stderr) ?? true);
}
