import { readFileSync } from 'node:fs';
import { run } from '../run';

interface Mount {
  point: string;
  /** What is mounted, from the root of its file system: of a device that is bound, its name in /dev. */
  root: string;
}

/** What is mounted where this process runs. */
export function listMounts(): Mount[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [, , , root = '', point = ''] = line.split(' ');
    return { root, point };
  });
}

export function isMounted(point: string): boolean {
  return listMounts().some((mount) => mount.point === point);
}

export async function bind(what: string, point: string): Promise<void> {
  await run(['mount', '--bind', what, point]);
}

/** For this mount alone: others of the same file system are written on. */
export async function makeReadOnly(point: string): Promise<void> {
  await run(['mount', '-o', 'remount,bind,ro', point]);
}

/**
 * Mounts a file that holds an XFS. The kernel takes the loop device down with its last mount, and mounts of one file
 * share one device, also those of several nodes. `nouuid`: a clone's is that of what it is a clone of.
 */
export async function mountImage(file: string, point: string): Promise<void> {
  await run(['mount', '-t', 'xfs', '-o', 'loop,nouuid', file, point]);
}

export async function unmount(point: string): Promise<void> {
  await run(['umount', point]);
}
