/**
 * Generations by hard links: files that did not change are shared with the tree before, and never
 * with the live replica, so that nothing written there reaches a recovery point.
 */
import { nulWords } from '../../hosts/nul-words';
import { NOT_CONTENT } from '../../trees/own-entries';
import type { Change } from '../../trees/fingerprint';
import {
  ALL_BUT_FOLDERS,
  groupByFile,
  listLinkedNames,
  REGULAR_FILES,
  type WorkOptions,
} from '../../trees/linked-names';
import { type ReadyPlace } from './place';
import { classifyFailure, runTool } from '../shared/tools';
import { makeRecordReader } from '../../hosts/record-reader';

/** Everything that a tree consists of; times are compared to the nanosecond, not to the second. */
export const COPY = ['rsync', '-aHAXS', '--numeric-ids', '-x', '--modify-window=-1'];
export const EXCLUDED = NOT_CONTENT.map((name) => `--exclude=/${name}`);
const VANISHED = 24;
const TOO_MANY_LINKS = /^rsync: .* failed: Too many links \(31\)$/;
const KEPT_OUTPUT_BYTES = 64 * 1024;

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
  await copyAll(place, destination, previous, options);
  if (!previous) return;
  if (previous.hasHardLinks) await separateFormerLinks(place, destination, options);
  await copyNamed(place, destination, findHidden(previous.changed ?? []), ['--checksum'], options);
}

/**
 * The files whose contents may differ though size and time agree, by all their names: a name that such a file got since
 * was linked to the contents of the tree before.
 */
function findHidden(changed: readonly Change[]): string[] {
  const files = changed.filter(({ entry }) => entry.type === 'f');
  const fileOf = ({ entry }: Change) => `${entry.device}:${entry.inode}`;
  const hidden = new Set(files.filter(({ how }) => how === 'hidden').map(fileOf));
  return files.filter((change) => hidden.has(fileOf(change))).map(({ entry }) => entry.path);
}

/** By size and time alone a file that was written to, and its time set back, would be shared as it was before. */
async function copyAll(
  place: ReadyPlace,
  destination: string,
  previous: PreviousTree | undefined,
  options: WorkOptions,
): Promise<void> {
  const isUnknown = previous && previous.changed === undefined;
  const shared = previous ? [`--link-dest=${previous.path}`, ...(isUnknown ? ['--checksum'] : [])] : [];
  const ends = ['--', `${place.root}/`, `${destination}/`];
  const argv = [...COPY, '--delete', ...EXCLUDED, ...shared, ...ends];
  let hasTooManyLinks = false;
  const { push } = makeRecordReader((line) => (hasTooManyLinks ||= TOO_MANY_LINKS.test(line)), '\n');
  const result = await place.host.run(argv, {
    ...options,
    onStderr: push,
    maxOutputBytes: KEPT_OUTPUT_BYTES,
  });
  if (result.exitCode === 0 || result.exitCode === VANISHED) return;
  if (!hasTooManyLinks) throw classifyFailure(place, argv, result);
  // It ended there and then: what it has not come to is still to be shared. Patterns are read as the option before says.
  const copied = await copyUnshareable(place, destination, options);
  const patterns = copied.map(
    (path) => `${path.slice('.'.length).replaceAll(/[*?[\\]/g, String.raw`\$&`)}\0`,
  );
  const others = [...COPY, '--delete', ...EXCLUDED, '--from0', '--exclude-from=-', ...shared, ...ends];
  await runTool(place, others, { ...options, stdin: Buffer.from(patterns.join(''), 'latin1') }, [VANISHED]);
  // Whatever else went wrong does so again.
  await runTool(place, [...COPY, '--delete', ...EXCLUDED, ...ends], options, [VANISHED]);
}

/**
 * The names of a file in all trees that share it are more than the filesystem takes of one. Copies such files again, with
 * all their names in this tree: there they are as many as in the replica.
 */
async function copyUnshareable(
  place: ReadyPlace,
  destination: string,
  options: WorkOptions,
): Promise<string[]> {
  const list = (root: string) => listLinkedNames(place, root, ALL_BUT_FOLDERS, options);
  const copied = new Map((await list(destination)).map(({ path, file }) => [path, file]));
  const groups = groupByFile(await list(place.root)).map((names) => names.map(({ path }) => path));
  const parted = groups.filter((paths) => new Set(paths.map((path) => copied.get(path) ?? path)).size > 1);
  await copyNamed(place, destination, parted.flat(), ['--ignore-times'], options);
  return parted.flat();
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
  const stdin = nulWords(paths);
  const ends = ['--', `${place.root}/`, `${destination}/`];
  const named = [...COPY, ...how, '--files-from=-', '--from0', ...ends];
  await runTool(place, named, { ...options, stdin }, [VANISHED]);
  const folders = [...COPY, ...EXCLUDED, '--include=*/', '--exclude=*', ...ends];
  await runTool(place, folders, options, [VANISHED]);
}

/**
 * Two names that were one file in the tree before, and are two equal files now, rsync would link to
 * that one file again. Copies such files again, so that the tree has the links of the replica and no others.
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
