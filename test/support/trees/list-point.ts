/** What a look into a recovery point tells, and what it should: by `lstat` of the tree that it was made of. */
import { opendir, lstat, readlink } from 'node:fs/promises';
import type { Stats, BigIntStats } from 'node:fs';
import { type ReadAt, type ReadOptions, readState } from '../../../src/activities/host/read-point';
import type { Entry } from '../../../src/model/point-content';
import type { Point } from '../../../src/model/records';
import { showPath } from '../../../src/trees/left-out';

type About = Omit<ReadAt, 'relationship'>;

/** Everything that a point of relationship `wiki`, or without one its live replica, is told to hold, by path. */
export async function listPoint(
  at: About,
  point: Point | undefined,
  options: Partial<ReadOptions> = {},
): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const { host, volume, driver } = at;
  const place = { host, volume, driver, relationship: 'wiki' };
  const asked = { deep: true, signal: new AbortController().signal, ...options };
  const read = await readState(place, point, asked, (entry) => void entries.set(entry.path, entry));
  if (read.problems !== '') throw new Error(read.problems);
  return entries;
}

const typeOf = (stats: Stats | BigIntStats): Entry['type'] => {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFIFO()) return 'pipe';
  return stats.isSocket() ? 'socket' : 'device';
};

async function describe(path: Buffer): Promise<Omit<Entry, 'path'>> {
  const stats = await lstat(path, { bigint: true });
  const type = typeOf(stats);
  const seconds = Number(stats.mtimeNs / 1_000_000_000n);
  const rest = String(stats.mtimeNs % 1_000_000_000n).padStart(9, '0');
  return {
    ...{ type, mode: (stats.mode & 0o7777n).toString(8), owner: `${stats.uid}:${stats.gid}` },
    modifiedAt: `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${rest}Z`,
    ...(type === 'file' && { bytes: Number(stats.size) }),
    ...(type === 'link' && { target: showPath((await readlink(path, 'buffer')).toString('latin1')) }),
  };
}

/** All of a tree but its root and what is no content, as `listPoint` should tell it. */
export async function describeEntries(root: string, below = Buffer.alloc(0)): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  const slash = Buffer.from('/');
  const folder = Buffer.concat([Buffer.from(root), slash, below]);
  for await (const { name } of await opendir(folder, { encoding: 'buffer' as 'utf8' })) {
    const bytes = Buffer.from(name);
    const isOwn = below.length === 0 && ['.tidemark', 'lost+found'].includes(bytes.toString());
    if (isOwn) continue;
    const inner = Buffer.concat([below, bytes]);
    const path = showPath(inner.toString('latin1'));
    const about = await describe(Buffer.concat([Buffer.from(root), slash, inner]));
    found.set(path, { path, ...about });
    if (about.type !== 'folder') continue;
    for (const [key, entry] of await describeEntries(root, Buffer.concat([inner, slash])))
      found.set(key, entry);
  }
  return found;
}
