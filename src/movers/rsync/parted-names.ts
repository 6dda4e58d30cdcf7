/**
 * Names of one file at the target that are files of their own at the source, where nothing is remembered that would tell.
 * rsync does not part them as long as their contents agree: each would get the mode and the owner of whichever it
 * came to last, so that a private file is opened.
 */
import type { Host } from '../../hosts/contract';
import { findForeignLinks, parseLinkedNames, PRINT_LINKED, REGULAR_FILES } from '../../trees/linked-names';
import type { WalkOptions } from '../../trees/walk';
import { askLanding, wordOf } from './ask-landing';
import { filesAmong } from './suspects';
import type { RsyncTransfer } from './told';

const LIST = 'linked';

/** Target: the command that prints the names below `path` of files that have several, by what asks for it. */
export function listLinked(path: string): Record<string, string[]> {
  const root = `${path.replace(/\/+$/, '')}/.`;
  return { [wordOf(LIST)]: ['find', root, '-xdev', ...REGULAR_FILES, ...PRINT_LINKED] };
}

/**
 * Source: which files have to be rewritten. Paths as `./a/b`, a byte a character.
 * @returns nothing where no file at the target has several names: then no more is read
 */
export async function findParted(
  host: Host,
  { item, ...request }: RsyncTransfer,
  options: WalkOptions,
): Promise<string[]> {
  const there = parseLinkedNames(await askLanding(host, request, LIST));
  const root = item === undefined ? undefined : `./${Buffer.from(item).toString('latin1')}`;
  const isBrought = (path: string) => root === undefined || path === root || path.startsWith(`${root}/`);
  const paths = there.map(({ path }) => path).filter(isBrought);
  const here = (await filesAmong(request.reach.runner, request.reach.path, paths, options)).map(
    ({ device, inode, links, path }) => ({ file: `${device}:${inode}`, count: links, path }),
  );
  const brought = new Set(here.map(({ path }) => path));
  return findForeignLinks(there, here)
    .map(({ path }) => path)
    .filter((path) => brought.has(path));
}
