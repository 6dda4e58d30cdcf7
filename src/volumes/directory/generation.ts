/**
 * Generations by hard links: files that did not change are shared with the tree before, and never
 * with the live replica, so that nothing written there reaches a recovery point.
 */
import { groupByFile, listLinkedNames, REGULAR_FILES, type WorkOptions } from './links';
import { NOT_CONTENT, type ReadyPlace } from './place';
import { runTool } from '../shared/tools';

/** Everything that a tree consists of; times are compared to the nanosecond, not to the second. */
export const COPY = ['rsync', '-aHAXS', '--numeric-ids', '-x', '--modify-window=-1'];
export const EXCLUDED = NOT_CONTENT.map((name) => `--exclude=/${name}`);
const VANISHED = 24;

/**
 * Copies the live replica to `destination`, a new folder.
 * @param previous the tree to share unchanged files with.
 */
export async function copyGeneration(
  place: ReadyPlace,
  destination: string,
  previous: { path: string; hasHardLinks: boolean } | undefined,
  options: WorkOptions,
): Promise<void> {
  const { host, root } = place;
  await host.files.mkdir(destination, 0o700);
  const linked = previous ? [`--link-dest=${previous.path}`] : [];
  const rsync = [...COPY, '--delete', ...EXCLUDED, ...linked, '--', `${root}/`, `${destination}/`];
  await runTool(place, rsync, options, [VANISHED]);
  if (previous?.hasHardLinks) await separateFormerLinks(place, destination, options);
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
  if (wrong.length === 0) return;
  const stdin = Buffer.from(wrong.flat().join('\0'), 'latin1');
  const rsync = [
    ...COPY,
    '--ignore-times',
    '--files-from=-',
    '--from0',
    '--',
    `${place.root}/`,
    `${destination}/`,
  ];
  await runTool(place, rsync, { ...options, stdin }, [VANISHED]);
  // Writing in them changed the times of their folders.
  const folders = [...EXCLUDED, '--include=*/', '--exclude=*', '--', `${place.root}/`, `${destination}/`];
  await runTool(place, [...COPY, ...folders], options, [VANISHED]);
}
