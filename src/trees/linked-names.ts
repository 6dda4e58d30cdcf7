/** Files of several names: which names belong together. */
import type { Runner } from '../hosts/contract';
import { toolFailed } from '../hosts/run-checked';
import { NOT_CONTENT, pruneNames } from './own-entries';

export interface WorkOptions {
  attempt: string;
  signal?: AbortSignal;
}

/** One name of a file that has several. */
export interface LinkedName {
  /** Device and inode: the same for all names of one file. */
  file: string;
  /** How many names the file has, also outside of the tree. */
  count: number;
  /** Inside of the tree, as `./path`; bytes, one character each. */
  path: string;
}

/** Of what `find` is to tell the names. */
export const REGULAR_FILES = ['-type', 'f'];
export const ALL_BUT_FOLDERS = ['!', '-type', 'd'];

/** Has `find` print every name of a file that has several, as {@link parseLinkedNames} reads it. */
export const PRINT_LINKED = ['-links', '+1', '-printf', String.raw`%D:%i %n %P\0`];

export function parseLinkedNames(printed: Buffer): LinkedName[] {
  return printed
    .toString('latin1')
    .split('\0')
    .slice(0, -1)
    .map((record) => {
      const [, file = '', count = '', path = ''] = /^(\S+) (\d+) (.*)$/s.exec(record) ?? [];
      return { file, count: Number(count), path: `./${path}` };
    });
}

/** Reads a whole tree, and answers every name of a file that has several. */
export async function listLinkedNames(
  { host, volume }: { host: Runner; volume: { path: string } },
  root: string,
  kind: readonly string[],
  options: WorkOptions,
): Promise<LinkedName[]> {
  const find = ['find', '.', '-xdev', ...pruneNames(NOT_CONTENT), ...kind, ...PRINT_LINKED];
  const run = { ...options, cwd: root, maxOutputBytes: 2 ** 31 };
  const result = await host.run(find, run);
  // 1: something went while it was read.
  if (result.exitCode > 1) throw toolFailed(host, find, result, volume.path);
  return parseLinkedNames(result.stdout);
}

/** The names by the file that they belong to. */
export function groupByFile(names: readonly LinkedName[]): LinkedName[][] {
  return [...Map.groupBy(names, ({ file }) => file).values()];
}

/**
 * The names in a replica that have to become files of their own before it can be made equal to a tree:
 * programs that change a file in place would change it under its other names too, which may be another
 * file in the tree, or lie outside of the volume.
 */
export function findForeignLinks(replica: readonly LinkedName[], tree: readonly LinkedName[]): LinkedName[] {
  const fileInTree = new Map(tree.map(({ path, file }) => [path, file]));
  return groupByFile(replica)
    .filter((names) => {
      const files = new Set(names.map(({ path }) => fileInTree.get(path) ?? path));
      return files.size > 1 || names.some(({ count }) => count !== names.length);
    })
    .flat();
}
