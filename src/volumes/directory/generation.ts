/**
 * Generations by hard links: files that did not change are shared with the tree before, and never
 * with the live replica, so that nothing written there reaches a recovery point.
 */
import type { RunResult } from '../../hosts/contract';
import type { Change } from '../shared/fingerprint';
import { walk } from '../shared/walk';
import { groupByFile, listLinkedNames, REGULAR_FILES, type WorkOptions } from './links';
import { NOT_CONTENT, type ReadyPlace } from './place';
import { classifyFailure, runTool } from '../shared/tools';

/** Everything that a tree consists of; times are compared to the nanosecond, not to the second. */
export const COPY = ['rsync', '-aHAXS', '--numeric-ids', '-x', '--modify-window=-1'];
export const EXCLUDED = NOT_CONTENT.map((name) => `--exclude=/${name}`);
const VANISHED = 24;

/** The tree before, and what is known of the replica since it was made. */
export interface PreviousTree {
  path: string;
  hasHardLinks: boolean;
  /** What was written to since; undefined where that is not known, and contents are compared. */
  changed: readonly Change[] | undefined;
}

/**
 * Copies the live replica to `destination`, a new folder.
 * @param previous the tree to share unchanged files with.
 */
export async function copyGeneration(
  place: ReadyPlace,
  destination: string,
  previous: PreviousTree | undefined,
  options: WorkOptions,
): Promise<void> {
  await place.host.files.mkdir(destination, 0o700);
  const result = await copyAll(place, destination, previous, options);
  if (previous && isOutOfLinks(result)) {
    // What is there already as a file of its own is left as it is.
    await copyNamed(place, destination, await listManyNames(place, previous, options), [], options);
    await checkCopied(place, await copyAll(place, destination, previous, options));
  } else await checkCopied(place, result);
  if (!previous) return;
  if (previous.hasHardLinks) await separateFormerLinks(place, destination, options);
  const hidden = (previous.changed ?? []).filter(({ entry, how }) => how === 'hidden' && entry.type === 'f');
  const paths = hidden.map(({ entry }) => entry.path);
  await copyNamed(place, destination, paths, ['--checksum'], options);
}

interface Copied {
  argv: string[];
  result: RunResult;
}

/** By size and time alone a file that was written to, and its time set back, would be shared as it was before. */
async function copyAll(
  place: ReadyPlace,
  destination: string,
  previous: PreviousTree | undefined,
  options: WorkOptions,
): Promise<Copied> {
  const isUnknown = previous && previous.changed === undefined;
  const shared = previous ? [`--link-dest=${previous.path}`, ...(isUnknown ? ['--checksum'] : [])] : [];
  const argv = [...COPY, '--delete', ...EXCLUDED, ...shared, '--', `${place.root}/`, `${destination}/`];
  return { argv, result: await place.host.run(argv, options) };
}

const isOutOfLinks = ({ result }: Copied) => result.exitCode !== 0 && /Too many links/.test(result.stderr);

async function checkCopied(place: ReadyPlace, { argv, result }: Copied): Promise<void> {
  if (result.exitCode !== 0 && result.exitCode !== VANISHED) throw classifyFailure(place, argv, result);
  return Promise.resolve();
}

/** The least that a filesystem takes for one file: ext3's. */
const FEWEST_LINKS = 32_000;

/** Names of which there would be too many for one file, were they shared with the tree before. */
async function listManyNames(
  place: ReadyPlace,
  previous: PreviousTree,
  options: WorkOptions,
): Promise<string[]> {
  const links = new Map<string, number>();
  await walk(
    place.host,
    previous.path,
    (entry) => {
      if (entry.links > 1 && entry.type !== 'd') links.set(entry.path, entry.links);
    },
    options,
  );
  const groups = groupByFile(await listLinkedNames(place, place.root, ['!', '-type', 'd'], options));
  const isTooMany = (paths: string[]) =>
    paths.length + Math.max(...paths.map((path) => links.get(path) ?? 0)) > FEWEST_LINKS;
  return groups
    .map((names) => names.map(({ path }) => path))
    .filter(isTooMany)
    .flat();
}

/** Copies some files of the replica, sharing none, and gives their folders their times back. */
async function copyNamed(
  place: ReadyPlace,
  destination: string,
  paths: readonly string[],
  how: readonly string[],
  options: WorkOptions,
): Promise<void> {
  if (paths.length === 0) return;
  const stdin = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const ends = ['--', `${place.root}/`, `${destination}/`];
  const named = [...COPY, ...how, '--files-from=-', '--from0', ...ends];
  await runTool(place, named, { ...options, stdin }, [VANISHED]);
  const folders = [...COPY, ...EXCLUDED, '--include=*/', '--exclude=*', ...ends];
  await runTool(place, folders, options, [VANISHED]);
}

/**
 * Two names that were one file in the tree before, and are two equal files now, rsync would link to
 * that one file again. Copies such files anew, so that the tree has the links of the replica and no others.
 */
async function separateFormerLinks(
  place: ReadyPlace,
  destination: string,
  options: WorkOptions,
): Promise<void> {
  const list = (root: string) => listLinkedNames(place, root, REGULAR_FILES, options);
  const replica = new Map((await list(place.root)).map(({ path, file }) => [path, file]));
  const groups = groupByFile(await list(destination)).map((names) => names.map(({ path }) => path));
  const wrong = groups.filter((paths) => new Set(paths.map((path) => replica.get(path) ?? path)).size > 1);
  await copyNamed(place, destination, wrong.flat(), ['--ignore-times'], options);
}
