/** The mounted filesystems, as `/proc/self/mountinfo` tells them. */
import { join } from 'node:path';
import type { Runner } from '../hosts/contract';
import { comparePaths, type HowItLies } from '../model/paths';

export interface Mount {
  point: string;
  /** What of the filesystem is seen there: `/`, or a folder or subvolume of it. */
  root: string;
  /** As the kernel names it: `btrfs`, `xfs`, `ext4`, `tmpfs`. */
  type: string;
  readOnly: boolean;
  /** Of the filesystem: the same wherever it, or a folder of it, is mounted. */
  device: string;
  /** What is mounted, in the filesystem's own words: a device, a dataset. */
  source: string;
}

/** Blank, tab, newline and backslash stand as three octal digits. */
export function decodeName(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Mounts in the order in which they were made. Lines that can't be read are left out. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after] = line.split(' - ');
    const [, , device, root, point, options = ''] = before.split(' ');
    const [type, source = '', superOptions = ''] = after?.split(' ') ?? [];
    if (!device || !point || !root || !type) return [];
    const readOnly = [options, superOptions].some((list) => list.split(',').includes('ro'));
    return {
      point: decodeName(point),
      root: decodeName(root),
      type,
      readOnly,
      device,
      source: decodeName(source),
    };
  });
}

export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** What is mounted inside of a folder, which may be a mount point itself. */
export function mountsBelow(mounts: readonly Mount[], folder: string): Mount[] {
  return mounts.filter(({ point }) => point !== folder && isInside(point, folder));
}

/** The mount on which a path lies: the deepest one, and of several on one point the newest. */
export function findMount(mounts: readonly Mount[], path: string): Mount {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (isInside(path, mount.point) && (!found || mount.point.length >= found.point.length)) found = mount;
  }
  return found ?? { point: '/', root: '/', type: 'unknown', readOnly: false, device: '', source: '' };
}

export async function readMounts(host: Runner): Promise<Mount[]> {
  return parseMounts((await host.files.read('/proc/self/mountinfo')) ?? '');
}

/** Where a folder lies in its filesystem, by whatever path it was reached. */
export interface Location {
  device: string;
  path: string;
}

export function locate(mounts: readonly Mount[], path: string): Location {
  const { device, root, point } = findMount(mounts, path);
  return { device, path: join(root, path.slice(point === '/' ? 0 : point.length)) };
}

/** How one folder lies to another. */
export interface Overlap {
  how: HowItLies;
  /** The inner one is on a filesystem that is mounted in the outer one. */
  acrossMount: boolean;
}

/**
 * How `path` lies to `other`, both without symlinks, also where a bind mount shows one folder at two places;
 * undefined where they have nothing in common.
 */
export function relateFolders(mounts: readonly Mount[], path: string, other: string): Overlap | undefined {
  const [here, there] = [locate(mounts, path), locate(mounts, other)];
  const how = here.device === there.device ? comparePaths(here.path, there.path) : undefined;
  if (how) return { how, acrossMount: false };
  if (reaches(mounts, path, there)) return { how: 'contains', acrossMount: true };
  return reaches(mounts, other, here) ? { how: 'inside', acrossMount: true } : undefined;
}

/** Whether something of a location is mounted inside of a folder. */
function reaches(mounts: readonly Mount[], folder: string, { device, path }: Location): boolean {
  return mounts.some(
    (mount) =>
      mount.device === device &&
      isInside(mount.point, folder) &&
      comparePaths(mount.root, path) !== undefined &&
      findMount(mounts, mount.point) === mount,
  );
}
