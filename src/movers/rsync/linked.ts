/**
 * Names of one file at the target that are files of their own at the source, where nothing is remembered that would tell.
 * rsync does not part them as long as their contents agree: each would get the mode and the owner of whichever it
 * came to last, so that a private file is opened.
 */
import type { Host } from '../../hosts/contract';
import {
  findForeignLinks,
  listLinkedNames,
  parseLinkedNames,
  PRINT_LINKED,
  REGULAR_FILES,
  type WorkOptions,
} from '../../volumes/shared/linked-names';
import type { TransferRequest } from '../contract';
import { askLanding, wordOf } from './ask-landing';
import { filesAmong } from './suspects';

const LIST = 'linked';

/** Target: the command that prints the names below `path` of files that have several, by what asks for it. */
export function listLinked(path: string): Record<string, string[]> {
  const root = `${path.replace(/\/+$/, '')}/.`;
  return { [wordOf(LIST)]: ['find', root, '-xdev', ...REGULAR_FILES, ...PRINT_LINKED] };
}

/**
 * Source: which files have to be written anew. Paths as `./a/b`, a byte a character.
 * @returns nothing where no file at the target has several names: then no more is read
 */
export async function findParted(
  host: Host,
  request: TransferRequest,
  options: WorkOptions,
): Promise<string[]> {
  const { sourcePath, item } = request;
  const there = parseLinkedNames(await askLanding(host, request, LIST));
  if (there.length === 0) return [];
  const root = item === undefined ? undefined : `./${Buffer.from(item).toString('latin1')}`;
  const isBrought = ({ path }: { path: string }) =>
    root === undefined || path === root || path.startsWith(`${root}/`);
  const subject = { host, volume: { kind: 'directory', path: sourcePath } as const };
  const here = await listLinkedNames(subject, sourcePath, REGULAR_FILES, options);
  const parted = findForeignLinks(there, here.filter(isBrought)).filter(isBrought);
  return await filesAmong(
    host,
    sourcePath,
    parted.map(({ path }) => path),
    options,
  );
}
