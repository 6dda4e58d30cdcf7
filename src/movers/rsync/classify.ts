/** One table from rsync's exit codes and messages, and ssh's, to classified errors. Pure. */
import type { TidemarkError } from '../../model/errors';
import { applyRules, type Ending, type Rule, SSH, STILL_WRITING, target } from '../shared/ssh-rules';
import { ACCOUNT } from './account-rules';
import { DISCARDED, KEPT_ALONE } from './undone';

/** rsync's exit code where it did not do everything. */
export const PARTIAL = 23;

const RSYNC: Rule[] = [
  {
    says: /^rsync: .*: (No space left on device \(28\)|Disk quota exceeded \(122\))$/,
    type: 'TargetFull',
    message: (ending) => `there is no room left at ${target(ending)}`,
    hint: 'make room there, or keep fewer recovery points (spec.retain); the recovery points are whole',
    at: 'target',
  },
  {
    says: /^rsync: \[sender\] (change_dir|link_stat|opendir) "[^"]*" .*failed: (No such file or directory|Not a directory|Stale file handle)/,
    exitCodes: [PARTIAL],
    // The source itself is there: `runRsync` has looked before and after.
    type: 'SourceChanged',
    message: () => 'entries went, or became something else, while they were read',
    hint: 'freeze the source (copyMethod: Snapshot or Clone), or quiet the writer in a beforeCapture hook',
    at: 'source',
  },
  {
    says: /^(rsync: .*\[Receiver\] (change_dir|mkdir|getcwd).* failed|flock: cannot open lock file .*): (No such file or directory|Not a directory|Stale file handle)/,
    type: 'VolumeMissing',
    message: (ending) => `the volume at ${target(ending)} is not there`,
    hint: 'mount it, or mend the path in the spec',
    at: 'target',
  },
  STILL_WRITING,
  {
    says: /^ERROR: .* failed verification -- update (discarded|retained|put into partial-dir)/,
    type: 'SourceChanged',
    message: () => 'files changed while they were read, twice over',
    hint: 'freeze the source (copyMethod: Snapshot or Clone), or quiet the writer in a beforeCapture hook',
    at: 'source',
  },
  {
    exitCodes: [10, 12, 20, 30, 35, 129, 130, 137, 143, 19],
    type: 'TransferInterrupted',
    message: (ending) => `the transfer to ${target(ending)} was cut off`,
    hint: 'it resumes by itself where it stopped',
    at: 'source',
  },
  {
    exitCodes: [255],
    type: 'TransferInterrupted',
    message: (ending) => `the connection to ${target(ending)} broke`,
    hint: 'it resumes by itself where it stopped',
    at: 'source',
  },
  {
    says: DISCARDED,
    type: 'TargetFull',
    message: (ending) =>
      `what had arrived at ${target(ending)} could not be put in its place: no folder could be made for it`,
    hint: "make room there (df -h, df -i), or let the agent's user write there; it goes on from what is there",
    at: 'target',
  },
  {
    says: new RegExp(`^${KEPT_ALONE}`),
    type: 'VolumeBusy',
    message: (ending) =>
      `folders at ${target(ending)} can't be deleted: something is mounted in them, or was written there meanwhile`,
    hint: 'see what is mounted there: findmnt; umount it, and the next sync deletes them',
    at: 'target',
  },
  {
    exitCodes: [PARTIAL],
    type: 'ToolFailed',
    message: () => 'rsync could not copy everything',
    hint: 'the lines above name what could not be read or written, and why',
    at: 'source',
  },
];

/** Files vanished at the source while it was read: no failure. */
export const VANISHED = 24;

/** How many deletions the limit stopped; undefined where rsync says nothing of it. */
export function parseSkippedDeletions(stderr: string): number | undefined {
  const match = /^Deletions stopped due to --max-delete limit \((\d+) skipped\)/m.exec(stderr);
  return match ? Number(match[1]) : undefined;
}

/** How many files vanished at the source while it was read. */
export function countVanished(stderr: string): number {
  return stderr.match(/^(file|directory) has vanished: "/gm)?.length ?? 0;
}

/** The error for an ending that is no success; exit codes 24 and 25 are the caller's. */
export function classifyEnding(ending: Ending): TidemarkError {
  return applyRules([...(ending.isAccount ? ACCOUNT : []), ...SSH, ...RSYNC], ending, 'rsync');
}
