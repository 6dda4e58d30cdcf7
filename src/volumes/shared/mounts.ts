/** The mounted filesystems, as `/proc/self/mountinfo` tells them. */

export interface Mount {
  point: string;
  /** What of the filesystem is seen there: `/`, or a folder or subvolume of it. */
  root: string;
  /** As the kernel names it: `btrfs`, `xfs`, `ext4`, `tmpfs`. */
  type: string;
  readOnly: boolean;
}

/** Blank, tab, newline and backslash stand as three octal digits. */
function decode(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Mounts in the order in which they were made. Lines that can't be read are left out. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after] = line.split(' - ');
    const [, , , root, point, options = ''] = before.split(' ');
    const [type, , superOptions = ''] = after?.split(' ') ?? [];
    if (!point || !root || !type) return [];
    const readOnly = [options, superOptions].some((list) => list.split(',').includes('ro'));
    return { point: decode(point), root: decode(root), type, readOnly };
  });
}

export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** The mount on which a path lies: the deepest one, and of several on one point the newest. */
export function findMount(mounts: readonly Mount[], path: string): Mount {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (isInside(path, mount.point) && (!found || mount.point.length >= found.point.length)) found = mount;
  }
  return found ?? { point: '/', root: '/', type: 'unknown', readOnly: false };
}
