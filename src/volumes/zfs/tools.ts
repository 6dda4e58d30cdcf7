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
/** What can't be mounted is seen by nobody: zfs-fuse was seen to take longer than that to be done with its unmount. */
const MOUNT_PAUSES_MS = [...BUSY_PAUSES_MS, 5000, 5000, 5000, 5000, 5000, 5000];

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

/** The datasets that a command names, and its other words. */
const namedIn = (argv: readonly string[]) => new Set(argv.map((word) => word.replace(/[@#].*$/, '')));

/** What is no ZFS and is mounted in the datasets that a command named: nobody can unmount these before. */
async function findMountedInside({ host }: Subject, argv: readonly string[]): Promise<string[]> {
  const named = namedIn(argv);
  const mounts = await readMounts(host);
  const isZfs = ({ type }: Mount) => /^(fuse\.)?zfs$/.test(type);
  const folders = mounts.filter((mount) => isZfs(mount) && named.has(mount.source)).map(({ point }) => point);
  return mounts
    .filter((mount) => !isZfs(mount) && folders.some((folder) => isInside(mount.point, folder)))
    .map(({ point }) => point);
}

/**
 * Mounted clones of the snapshots of what a command names, of their children, or of what they are clones of themselves:
 * zfs-fuse renames no dataset that has any, and may not unmount one. While a replica is replaced, its snapshots are
 * those of the side volume, and it is a clone of that.
 */
async function findMountedClones({ host }: Subject, argv: readonly string[]): Promise<string[]> {
  const named = [...namedIn(argv)].filter((word) => word.includes('/'));
  const pools = [...new Set(named.map((name) => name.replace(/\/.*$/, '')))];
  if (pools.length === 0) return [];
  const { stdout } = await host.run([
    ...['zfs', 'list', '-H', '-r', '-t', 'filesystem', '-o', 'name,origin,mounted'],
    ...pools,
  ]);
  const lines = stdout.toString().split('\n');
  const datasets = lines
    .map((line) => line.split('\t'))
    .map(([name = '', origin = '', mounted]) => ({
      name,
      origin: origin.replace(/@.*$/, ''),
      isMounted: mounted === 'yes',
    }));
  const isNamed = (dataset: string) => named.some((name) => `${dataset}/`.startsWith(`${name}/`));
  const origins = datasets.filter(({ name }) => isNamed(name)).map(({ origin }) => origin);
  return datasets
    .filter(({ name, isMounted }) => isMounted && !isNamed(name))
    .filter(({ origin }) => isNamed(origin) || (origin !== '-' && origins.includes(origin)))
    .map(({ name }) => name);
}

/** What zfs-fuse does to no dataset of which clones are mounted. */
const MOVING = new Set(['rename', 'unmount']);

/**
 * What keeps a dataset busy, as far as that can be told.
 * @param before the clones that were mounted before it was tried, where these were looked for
 */
async function explainBusy(
  subject: Subject,
  argv: readonly string[],
  before: readonly string[] | undefined,
): Promise<string | undefined> {
  const inside = await findMountedInside(subject, argv);
  if (inside.length > 0) return `other filesystems are mounted inside of it: umount ${inside.join(' ')}`;
  const clones = before ?? (MOVING.has(argv[0] ?? '') ? await findMountedClones(subject, argv) : []);
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
  // To rename, zfs-fuse unmounts clones for a moment. Where that fails, they were seen to stay so.
  const clones = argv[0] === 'rename' ? await findMountedClones(subject, argv) : undefined;
  const mountClones = async () => {
    for (const clone of clones ?? []) await subject.host.run(['zfs', 'mount', clone]);
  };
  for (let round = 0; ; round++) {
    const result = await subject.host.run(['zfs', ...argv], options);
    if (result.exitCode === 0) {
      if (round > 0) await mountClones();
      return result;
    }
    const pause = (argv[0] === 'mount' ? MOUNT_PAUSES_MS : BUSY_PAUSES_MS)[round];
    if (patient && isBusy(result.stderr) && pause !== undefined) {
      options.signal?.throwIfAborted();
      await sleep(pause);
      continue;
    }
    if (allow?.(result.stderr)) return result;
    const error = classifyZfs(subject, argv, result);
    const hint = isBusy(result.stderr) ? await explainBusy(subject, argv, clones) : undefined;
    await mountClones();
    if (hint === undefined) throw error;
    throw makeError(subject, error.type, error.message, { ...error.details, hint });
  }
}
