/** Runs `zfs`, and what its failures mean. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunOptions, RunResult } from '../../hosts/contract';
import { tailOf } from '../../hosts/run-checked';
import type { ErrorType, TidemarkError } from '../../model/errors';
import { isInside, type Mount, readMounts } from '../../trees/mounts';
import { makeError, type Subject } from '../shared/tools';

export { makeError, type Subject } from '../shared/tools';

/**
 * A dataset stays busy for a moment after it was unmounted, and while somebody looks at it. In all some 15 s: with
 * zfs-fuse on a busy machine, 4.5 s were seen not to be enough.
 */
const BUSY_PAUSES_MS = [20, 50, 100, 200, 300, 500, 800, 1000, 1500, 2000, 3000, 5000];

export const isMissing = (stderr: string) =>
  /dataset does not exist|no such pool|could not find any snapshots/.test(stderr);
const isBusy = (stderr: string) =>
  /(is busy|Device busy|device is busy|pool or dataset is busy)/.test(stderr);

interface Rule {
  says: RegExp;
  type: ErrorType;
  message: string;
  hint?: string;
}

const RULES: Rule[] = [
  {
    says: /out of space|No space left on device|quota exceeded/,
    type: 'TargetFull',
    message: 'there is no room left for the dataset',
    hint: 'free space in its pool, raise its quota, or keep fewer recovery points (spec.retain); see: zfs list -o space',
  },
  {
    says: /dataset does not exist|no such pool/,
    type: 'VolumeMissing',
    message: 'there is no such dataset',
    hint: 'is its pool imported? See: zpool import; zfs list',
  },
  {
    says: /is busy|Device busy|device is busy/,
    type: 'VolumeBusy',
    message: 'the dataset is in use',
    hint: 'see what uses it: fuser -vm on its mount point, zfs holds on its snapshots',
  },
  {
    says: /permission denied|Permission denied/,
    type: 'ToolFailed',
    message: 'zfs may not do that for this user',
    hint: 'run the agent as root, or give its user the permissions: zfs allow',
  },
  {
    says: /daemon is running|internal error: failed to initialize|\/dev\/zfs|ZFS modules/,
    type: 'ToolMissing',
    message: 'ZFS does not run there',
    hint: 'load it: modprobe zfs, or start zfs-fuse',
  },
];

/** The error for a `zfs` that failed. */
export function classifyZfs(subject: Subject, argv: readonly string[], result: RunResult): TidemarkError {
  const toolMessage = tailOf(result.stderr || result.stdout.toString());
  const rule = RULES.find(({ says }) => says.test(result.stderr));
  const what = `zfs ${argv[0] ?? ''}`;
  if (!rule)
    return makeError(subject, 'ToolFailed', `${what} ended with exit code ${result.exitCode}`, {
      toolMessage,
    });
  const { type, message, hint } = rule;
  return makeError(subject, type, `${what}: ${message}`, {
    toolMessage,
    ...(hint !== undefined && { hint }),
  });
}

/** What is no ZFS and is mounted in the datasets that a command named: nobody can unmount these before. */
async function findMountedInside({ host }: Subject, argv: readonly string[]): Promise<string[]> {
  const named = new Set(argv.map((word) => word.replace(/[@#].*$/, '')));
  const mounts = await readMounts(host);
  const isZfs = ({ type }: Mount) => /^(fuse\.)?zfs$/.test(type);
  const folders = mounts.filter((mount) => isZfs(mount) && named.has(mount.source)).map(({ point }) => point);
  return mounts
    .filter((mount) => !isZfs(mount) && folders.some((folder) => isInside(mount.point, folder)))
    .map(({ point }) => point);
}

/** Clones of its snapshots, or of those of its children, that are mounted: zfs-fuse renames no dataset that has any. */
async function findMountedClones({ host }: Subject, dataset: string): Promise<string[]> {
  const pool = dataset.replace(/\/.*$/, '');
  const list = ['zfs', 'list', '-H', '-r', '-t', 'filesystem', '-o', 'name,origin,mounted', pool];
  const { stdout } = await host.run(list);
  return stdout
    .toString()
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([, origin = '', mounted]) => {
      const isOfIt = origin.startsWith(`${dataset}@`) || origin.startsWith(`${dataset}/`);
      return isOfIt && mounted === 'yes';
    })
    .map(([name = '']) => name);
}

/** What keeps a dataset busy, as far as that can be told. */
async function explainBusy(subject: Subject, argv: readonly string[]): Promise<string | undefined> {
  const inside = await findMountedInside(subject, argv);
  if (inside.length > 0) return `other filesystems are mounted inside of it: umount ${inside.join(' ')}`;
  const [verb, renamed = ''] = argv;
  const clones = verb === 'rename' ? await findMountedClones(subject, renamed) : [];
  const unmount = clones.map((name) => `zfs unmount ${name}`).join('; ');
  return clones.length > 0
    ? `clones of its snapshots are mounted, and this ZFS waits for them: ${unmount}`
    : undefined;
}

export interface ZfsOptions extends RunOptions {
  /** Failures, by what the tool says, that are no error here. */
  allow?: (stderr: string) => boolean;
  /** Try on for a moment where the dataset is busy. */
  patient?: boolean;
}

/** Runs `zfs` with these arguments. @throws TidemarkError by what it says. */
export async function runZfs(
  subject: Subject,
  argv: readonly string[],
  { allow, patient = true, ...options }: ZfsOptions = {},
): Promise<RunResult> {
  for (let round = 0; ; round++) {
    const result = await subject.host.run(['zfs', ...argv], options);
    if (result.exitCode === 0) return result;
    const pause = BUSY_PAUSES_MS[round];
    if (patient && isBusy(result.stderr) && pause !== undefined) {
      options.signal?.throwIfAborted();
      await sleep(pause);
      continue;
    }
    if (allow?.(result.stderr)) return result;
    const error = classifyZfs(subject, argv, result);
    const hint = isBusy(result.stderr) ? await explainBusy(subject, argv) : undefined;
    if (hint === undefined) throw error;
    throw makeError(subject, error.type, error.message, { ...error.details, hint });
  }
}
