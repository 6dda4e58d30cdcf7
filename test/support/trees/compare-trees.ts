/** Compares two trees in everything: content, kinds, all metadata, hard links. Names are bytes. */
import { createHash } from 'node:crypto';
import { createReadStream, type BigIntStats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';

export interface CompareOptions {
  /** Also that no file takes more blocks than the first tree's, but for a filesystem's rounding. */
  sparseness?: boolean;
  /** Extended attributes and ACLs. Default true. */
  attributes?: boolean;
  /** Times of modification. Default true. */
  times?: boolean;
  /** Those of subvolumes' own folders, which `btrfs receive` writes to. Default true. */
  subvolumeTimes?: boolean;
  /** What is not looked at, nor what lies below it: by its path inside of the tree, one character for each byte. */
  leaveOut?: (path: string, isFolder: boolean) => boolean;
}

/** What is said of an entry, by aspect: `mode`, `mtime`, `content`, ... */
type Description = Map<string, string>;
type Tree = Map<string, { description: Description; blocks: bigint; size: bigint }>;

const IGNORED = new Set(['.tidemark', 'lost+found']);
/** How XFS shows its ACLs a second time. */
const NOT_USERS = /^trusted\.SGI_|^$/;
const SMALL_BYTES = 1_000_000n;
const BLOCK = 512n;
const ROUNDING_BYTES = 64n * 1024n;
const host = makeLocalHost({ name: 'compare-trees', home: tmpdir() });

/**
 * Every difference, as `path: aspect: first ≠ second`; empty where the trees are equal. A top-level
 * `.tidemark` and `lost+found` are left out.
 */
export async function compareTrees(
  one: string,
  other: string,
  options: CompareOptions = {},
): Promise<string[]> {
  const [first, second] = [await readTree(one, options), await readTree(other, options)];
  const paths = [...new Set([...first.keys(), ...second.keys()])].sort();
  return paths.flatMap((path) => {
    const [left, right] = [first.get(path), second.get(path)];
    if (!left) return [`${path}: only in the second`];
    if (!right) return [`${path}: only in the first`];
    const found = compareDescriptions(path, left.description, right.description);
    const grown = right.blocks * BLOCK > left.blocks * BLOCK + ROUNDING_BYTES;
    return options.sparseness && grown
      ? [...found, `${path}: blocks: ${left.blocks} ≠ ${right.blocks}`]
      : found;
  });
}

/** A tree as text, to be compared later with what it has become. */
export async function describeTree(root: string, options: CompareOptions = {}): Promise<string[]> {
  const tree = await readTree(root, options);
  const lines = [...tree].map(([path, { description }]) => `${path} ${JSON.stringify([...description])}`);
  return lines.sort();
}

function compareDescriptions(path: string, one: Description, other: Description): string[] {
  const aspects = [...new Set([...one.keys(), ...other.keys()])];
  return aspects
    .filter((aspect) => one.get(aspect) !== other.get(aspect))
    .map((aspect) => `${path}: ${aspect}: ${one.get(aspect) ?? 'none'} ≠ ${other.get(aspect) ?? 'none'}`);
}

async function readTree(root: string, options: CompareOptions): Promise<Tree> {
  const tree: Tree = new Map();
  const groups = new Map<string, string[]>();
  await walk(Buffer.from(root), '.', options, async (path, name, stats) => {
    const description = await describe(path, stats, options);
    tree.set(name, { description, blocks: stats.blocks, size: stats.size });
    // Subvolumes have inodes of the same numbers.
    const file = `${stats.dev}:${stats.ino}`;
    if (!stats.isDirectory()) groups.set(file, [...(groups.get(file) ?? []), name]);
  });
  // Names outside of the tree do not count, so not the link count, but who belongs together.
  for (const names of groups.values()) {
    for (const name of names) tree.get(name)?.description.set('links', [...names].sort().join(' = '));
  }
  if (options.attributes !== false) await addAttributes(root, tree);
  return tree;
}

type Visit = (path: Buffer, name: string, stats: BigIntStats) => Promise<void>;

/** @param name the path inside of the tree, one character for each byte. */
async function walk(path: Buffer, name: string, options: CompareOptions, visit: Visit): Promise<void> {
  const stats = await lstat(path, { bigint: true });
  if (name !== '.' && options.leaveOut?.(name.slice(2), stats.isDirectory())) return;
  await visit(path, name, stats);
  if (!stats.isDirectory()) return;
  for (const entry of await readdir(path, { encoding: 'buffer' })) {
    const entryName = entry.toString('latin1');
    if (name === '.' && IGNORED.has(entryName)) continue;
    const inner = `${name}/${entryName}`;
    await walk(Buffer.concat([path, Buffer.from('/'), entry]), inner, options, visit);
  }
}

/** What Btrfs numbers the outermost folder of each subvolume. */
const SUBVOLUME_INODE = 256n;

async function describe(
  path: Buffer,
  stats: BigIntStats,
  { times, subvolumeTimes }: CompareOptions,
): Promise<Description> {
  const isSubvolume = stats.isDirectory() && stats.ino === SUBVOLUME_INODE;
  const description: Description = new Map([
    ['type and mode', stats.mode.toString(8)],
    ['owner', `${stats.uid}:${stats.gid}`],
  ]);
  if (times !== false && !(isSubvolume && subvolumeTimes === false))
    description.set('mtime', stats.mtimeNs.toString());
  if (stats.isFile()) description.set('content', `${stats.size} bytes, ${await hashFile(path, stats.size)}`);
  if (stats.isSymbolicLink()) description.set('link', (await readlink(path, 'buffer')).toString('latin1'));
  if (stats.isBlockDevice() || stats.isCharacterDevice()) description.set('device', stats.rdev.toString());
  return description;
}

async function hashFile(path: Buffer, size: bigint): Promise<string> {
  const hash = createHash('sha256');
  if (size < SMALL_BYTES) hash.update(await readFile(path));
  else await pipeline(createReadStream(path), hash);
  return hash.digest('hex').slice(0, 16);
}

/** One run of each tool for the whole tree: one for each entry would take minutes. */
async function addAttributes(root: string, tree: Tree): Promise<void> {
  const options = { cwd: root, maxOutputBytes: 2 ** 30 };
  const xattrs = await runChecked(
    host,
    ['getfattr', '-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '--', '.'],
    options,
  );
  const acls = await runChecked(host, ['getfacl', '-R', '-P', '-n', '-p', '--', '.'], options);
  for (const [aspect, { stdout }] of [
    ['xattrs', xattrs],
    ['acl', acls],
  ] as const) {
    for (const block of stdout.toString('latin1').split('\n\n')) {
      const [, file = '', text = ''] = /^# file: (.*)\n([\s\S]*)$/.exec(block.trim()) ?? [];
      const name = file === '.' || file === '' ? '.' : `./${unescape(file).replace(/^\.\//, '')}`;
      // In the order in which a filesystem happens to keep them.
      const lines = text.split('\n').filter((line) => !NOT_USERS.test(line));
      if (lines.length > 0) tree.get(name)?.description.set(aspect, lines.sort().join(' '));
    }
  }
}

/** Both tools write odd bytes as a backslash and three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
