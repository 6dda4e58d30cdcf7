/** Copies of a tree that share its blocks, made by `cp --reflink`. */
import { STATE_FOLDER } from '../../model/paths';
import { NOT_CONTENT } from '../../trees/own-entries';
import { join } from 'node:path';
import type { RunResult } from '../../hosts/contract';
import { type ReadyPlace } from './place';
import { classifyFailure, makeError, runTool } from '../shared/tools';

/** Whole trees with everything `-a` stands for, on one filesystem; blocks are shared, or it fails. */
const CLONE = ['cp', '-a', '-x', '--reflink=always'];
/** Bytes of arguments for one `cp`; below what Linux takes (2 MiB with the environment). */
const MAX_ARGUMENT_BYTES = 1_500_000;

/**
 * Clones the live volume to `destination`, which must not exist. Not atomic: the caller renames.
 * @throws TidemarkError `UnsupportedCapture` where the filesystem, or a file, can't share blocks.
 */
export async function cloneVolume(
  place: ReadyPlace,
  destination: string,
  options: { attempt: string; signal?: AbortSignal },
): Promise<void> {
  const { host, root, meta } = place;
  if (meta === join(root, STATE_FOLDER)) return await cloneEntries(place, destination, options);
  const argv = [...CLONE, '-T', '--', root, destination];
  checkCloned(place, argv, await host.run(argv, options));
  if ((await host.files.list(destination)).includes('lost+found')) {
    await host.files.remove(join(destination, 'lost+found'));
    await copyOwnMetadata(place, destination, options);
  }
}

/**
 * Clones what is in the volume, but not Tidemark's own folder. The names go from `find` to `xargs` as
 * bytes, since they need not be UTF-8, and to one `cp` alone, which must see all names of a file.
 */
async function cloneEntries(
  place: ReadyPlace,
  destination: string,
  options: { attempt: string; signal?: AbortSignal },
): Promise<void> {
  const { host, root } = place;
  await host.files.mkdir(destination, 0o700);
  const { entries, mountPoints } = await listEntries(place);
  if (entries.length > 0) {
    const xargs = ['xargs', '-0', '-x', '-n', '1000000000', '-s', String(MAX_ARGUMENT_BYTES)];
    const argv = [...xargs, ...CLONE, '-t', destination, '--'];
    checkCloned(place, argv, await host.run(argv, { ...options, cwd: root, stdin: entries }));
  }
  if (mountPoints.length > 0) {
    await runTool(place, ['xargs', '-0', 'mkdir', '-p', '--'], {
      ...options,
      cwd: destination,
      stdin: mountPoints,
    });
  }
  await copyOwnMetadata(place, destination, options);
}

/** The top-level entries of a volume, as `./name\0` each; what is mounted there belongs to others. */
async function listEntries(place: ReadyPlace): Promise<{ entries: Buffer; mountPoints: Buffer }> {
  const find = ['find', '.', '-maxdepth', '1', '-printf', '%D %p\\0'];
  const { stdout } = await runTool(place, find, { cwd: place.root }, [1]);
  const own: string[] = [];
  const foreign: string[] = [];
  let device: string | undefined;
  // Byte by byte: latin1 gives each byte a character of its own, and back.
  for (const record of stdout.toString('latin1').split('\0').slice(0, -1)) {
    const [, entryDevice, path = ''] = /^(\d+) (.*)$/s.exec(record) ?? [];
    if (path === '.') device = entryDevice;
    else if (!NOT_CONTENT.some((name) => path === `./${name}`)) {
      (entryDevice === device ? own : foreign).push(`${path}\0`);
    }
  }
  return {
    entries: Buffer.from(own.join(''), 'latin1'),
    mountPoints: Buffer.from(foreign.join(''), 'latin1'),
  };
}

/** Gives a tree's own folder the owner, mode, times, ACL and xattrs of the volume's. */
async function copyOwnMetadata(
  place: ReadyPlace,
  destination: string,
  options: { attempt: string; signal?: AbortSignal },
): Promise<void> {
  const rsync = [
    'rsync',
    '-aAX',
    '--numeric-ids',
    '--modify-window=-1',
    '--exclude=/*',
    '--',
    `${place.root}/`,
    `${destination}/`,
  ];
  await runTool(place, rsync, options);
}

function checkCloned(place: ReadyPlace, argv: readonly string[], result: RunResult): void {
  if (result.exitCode === 0) return;
  const { stderr } = result;
  const lines = stderr.trimEnd().split('\n');
  // A file that vanishes meanwhile is not a failure: the live volume is in use.
  if (lines.every((line) => /^cp: .*: No such file or directory$/.test(line))) return;
  const toolMessage = lines.slice(-12).join('\n');
  if (/argument (list|line) too long|Argument list too long/.test(stderr)) {
    const hint =
      'use copyMethod Snapshot on btrfs or HardLink at a target, or put the data into one folder of the volume';
    throw makeError(
      place,
      'UnsupportedCapture',
      'the volume has too many entries at its top to clone them at once',
      {
        toolMessage,
        hint,
      },
    );
  }
  if (/failed to clone/.test(stderr) && !/No space left|Disk quota/.test(stderr)) {
    const hint = 'use copyMethod Snapshot on btrfs, HardLink at a target, or Direct at a source';
    throw makeError(place, 'UnsupportedCapture', 'a file can not share its blocks with a copy', {
      toolMessage,
      hint,
    });
  }
  throw classifyFailure(place, argv, result);
}
