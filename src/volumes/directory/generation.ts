/**
 * Generations by hard links: files that did not change are shared with the tree before, and never
 * with the live replica, so that nothing written there reaches a recovery point.
 */
import { META_NAME, NOT_CONTENT, type ReadyPlace } from './place';
import { runTool } from './tools';

/** Everything that a tree consists of; times are compared to the nanosecond, not to the second. */
const COPY = ['rsync', '-aHAXS', '--numeric-ids', '-x', '--modify-window=-1'];
const EXCLUDED = NOT_CONTENT.map((name) => `--exclude=/${name}`);
const VANISHED = 24;

interface WorkOptions {
  attempt: string;
  signal?: AbortSignal;
}

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
  const replica = new Map<string, string>();
  for (const { inode, path } of await listFiles(place, place.root, options)) replica.set(path, inode);
  const groups = new Map<string, string[]>();
  for (const { inode, path } of await listFiles(place, destination, options)) {
    groups.set(inode, [...(groups.get(inode) ?? []), path]);
  }
  const wrong = [...groups.values()].filter(
    (paths) => new Set(paths.map((path) => replica.get(path) ?? path)).size > 1,
  );
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

/** Regular files by inode. Paths are bytes, one character each. */
async function listFiles(
  place: ReadyPlace,
  root: string,
  options: WorkOptions,
): Promise<{ inode: string; path: string }[]> {
  const own = ['-path', `./${META_NAME}`, '-prune', '-o'];
  const find = ['find', '.', '-xdev', ...own, '-type', 'f', '-links', '+1', '-printf', '%i %p\\0'];
  const { stdout } = await runTool(place, find, { ...options, cwd: root, maxOutputBytes: 2 ** 31 }, [1]);
  const records = stdout.toString('latin1').split('\0').slice(0, -1);
  return records.map((record) => {
    const blank = record.indexOf(' ');
    return { inode: record.slice(0, blank), path: record.slice(blank + 1) };
  });
}
