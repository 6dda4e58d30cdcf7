/** Copies of recovery points that share everything with them: to write to, for a drill, or to read. */
import { dirname, join } from 'node:path';
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { withLock } from '../shared/lock';
import type { Clone } from '../contract';
import { datasetsOf, type Entry, numberOf } from './listing';
import { containerOf } from './names';
import { partsOf } from './parts';
import { allEntries, ensureContainer, findPlace, type Place } from './place';
import { findPoint } from './points';
import { mount, NOT_MOUNTABLE } from './mounting';
import { isMissing, makeError, runZfs } from './tools';

/** A restore or a verification is over by then. */
const READ_SECONDS = 24 * 3600;

const encode = (name: string) => name.replaceAll(/[^A-Za-z0-9.-]/g, '_');

/** Names of relationships hold no `_`. */
const cloneName = (relationship: string, cloneId: string) => `clone_${relationship}_${encode(cloneId)}`;
const readName = (pointId: string) => `read_${encode(pointId)}`;

/** Where datasets beside a volume are mounted: below the agent's home, which is private. */
export function mountPathOf({ host, volume }: Pick<Place, 'host' | 'volume'>, name: string): string {
  return join(host.home, 'zfs', ...volume.path.split('/'), name);
}

/** Below it a mount that is gone may have left its folder. */
export async function ensureMountFolder(host: Host): Promise<void> {
  await host.files.mkdir(join(host.home, 'zfs'), 0o700);
}

interface Copy {
  /** Where it is mounted. */
  path: string;
  /** Children, as `/mail`, in whose folders something lay: this copy is without it. */
  covered: string[];
}

/**
 * Clones a snapshot and those of its children, each mounted below the other, wherever they were mounted when they were
 * frozen. Idempotent; `covered` is known only where nothing was there before.
 * @throws TidemarkError `NotMounted` rather than leave a child out
 */
async function cloneTree(
  place: Place,
  snapshot: Entry,
  { name, readOnly }: { name: string; readOnly: boolean },
): Promise<Copy> {
  const { host, volume } = place;
  const top = `${place.container?.name ?? (await ensureContainer(place))}/${name}`;
  const path = mountPathOf(place, name);
  await ensureMountFolder(host);
  const there = new Set(place.beside.map((entry) => entry.name));
  const parts = partsOf(place, snapshot);
  const all = allEntries(place);
  const covered: string[] = [];
  const options = ['-o', `mountpoint=${path}`, '-o', 'readonly=off'];
  for (const { part, snapshot: frozen } of parts) {
    const at = `${top}${part}`;
    if (there.has(at)) continue;
    const isVolume = all.find(({ name: each }) => each === frozen.dataset)?.properties['type'] === 'volume';
    if (part !== '' && !isVolume && !(await ensureMountPoint(host, `${path}${part}`))) covered.push(part);
    // It is mounted as it is made. Where it can't be, nothing can be mounted in it: that is told below.
    const allow = (stderr: string) => NOT_MOUNTABLE.test(stderr);
    const made = await runZfs(place, ['clone', ...(part === '' ? options : []), frozen.name, at], { allow });
    if (made.exitCode !== 0) break;
  }
  if (readOnly) await runZfs(place, ['set', 'readonly=on', top]);
  await mount({ host, volume: { kind: 'zfs', path: top } });
  const { beside } = await findPlace(host, volume);
  const unmounted = parts.find(({ part }) => {
    const copy = beside.find((entry) => entry.name === `${top}${part}`);
    return copy?.properties['type'] !== 'volume' && copy?.properties['mounted'] !== 'yes';
  });
  if (!unmounted) {
    const copy = beside.find((entry) => entry.name === top);
    return { path: copy?.properties['mountpoint'] ?? path, covered };
  }
  const hint = 'is it encrypted, and its key not here? See: zfs get keystatus; zfs load-key';
  throw makeError(place, 'NotMounted', `the copy of ${unmounted.snapshot.name} can't be mounted`, { hint });
}

/**
 * Makes an empty folder where a child is to be mounted, in a copy that is the agent's own. What was mounted elsewhere, or
 * nowhere, has none, or one with something in it: a symbolic link would lead the mount out of the copy, and zfs-fuse mounts
 * on nothing that is not empty. The time of the folder that holds it stays as it was frozen.
 * @returns false where something had to go for it
 */
async function ensureMountPoint(host: Host, path: string): Promise<boolean> {
  const found = await host.files.stat(path);
  if (found?.type === 'directory' && (await host.files.list(path)).length === 0) return true;
  const parent = dirname(path);
  const { stdout } = await host.run(['stat', '-c', '%y', '--', parent]);
  if (found) await host.files.remove(path);
  await host.files.mkdir(path);
  await host.run(['touch', '-d', stdout.toString().trim(), '--', parent]);
  return !found;
}

/** `clone` of the volume contract. */
export async function clone(
  host: Host,
  volume: Volume,
  request: { relationship: string; pointId: string; cloneId: string; signal?: AbortSignal },
): Promise<Clone> {
  const { relationship, pointId, cloneId, signal } = request;
  return await withClones(volume, async () => {
    const place = await findPlace(host, volume);
    const { snapshot } = findPoint(place, relationship, pointId);
    signal?.throwIfAborted();
    const { path } = await cloneTree(place, snapshot, {
      name: cloneName(relationship, cloneId),
      readOnly: false,
    });
    return { path, how: 'Snapshot' };
  });
}

function withClones<T>({ path }: Volume, work: () => Promise<T>): Promise<T> {
  return withLock(`zfs-clones:${path}`, work);
}

/** `removeClones` of the volume contract. */
export async function removeClones(
  host: Host,
  volume: Volume,
  { relationship, keepCloneIds }: { relationship: string; keepCloneIds: readonly string[] },
): Promise<void> {
  await withClones(volume, async () => {
    const place = await findPlace(host, volume);
    const kept = new Set(keepCloneIds.map((cloneId) => cloneName(relationship, cloneId)));
    const prefix = cloneName(relationship, '');
    for (const name of childrenBeside(place)) {
      if (name.startsWith(prefix) && !kept.has(name)) await destroyClone(place, name);
    }
  });
}

/** The datasets directly in the volume's container, by their own names. */
function childrenBeside({ beside, volume }: Place): string[] {
  const container = containerOf(volume);
  const names = datasetsOf(beside).map(({ name }) => name.slice(container.length + 1));
  return names.filter((name) => name !== '' && !name.includes('/'));
}

/** The copies that are read, by name. */
function readsOf(place: Place): Map<string, Entry> {
  const container = containerOf(place.volume);
  const names = new Set(childrenBeside(place).filter((name) => name.startsWith('read_')));
  const entries = datasetsOf(place.beside).map(
    (entry) => [entry.name.slice(container.length + 1), entry] as const,
  );
  return new Map(entries.filter(([name]) => names.has(name)));
}

async function destroyClone(place: Place, name: string, { isRead = false } = {}): Promise<void> {
  // Somebody may still read it: then the next prune removes it.
  const allow = (stderr: string) => isMissing(stderr) || (isRead && /is busy/.test(stderr));
  const dataset = `${containerOf(place.volume)}/${name}`;
  const result = await runZfs(place, ['destroy', '-r', dataset], { allow });
  if (result.exitCode !== 0) return;
  await place.host.run(['rmdir', '--', mountPathOf(place, name)]);
}

/** `reach` of the volume contract, for a recovery point: a copy that can only be read, until {@link removeReads}. */
export async function pointPath(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
): Promise<string> {
  return await withClones(volume, async () => {
    const place = await findPlace(host, volume);
    const { snapshot } = findPoint(place, relationship, pointId);
    return (await cloneTree(place, snapshot, { name: readName(pointId), readOnly: true })).path;
  });
}

/**
 * A copy of what was frozen that can only be read, for as long as the work takes. What is left of one that was
 * cut off goes with the snapshot: see {@link removeCopies}.
 * @param reader tells several at once apart
 */
export async function withCopy<T>(
  place: Place,
  snapshot: Entry,
  reader: string,
  work: (copy: Copy) => Promise<T>,
): Promise<T> {
  const name = readName(`${snapshot.own}_${reader}`);
  const copy = await withClones(place.volume, async () => {
    const find = () => findPlace(place.host, place.volume);
    let now = await find();
    // Half-made, perhaps, by an attempt that was cut off.
    if (childrenBeside(now).includes(name)) {
      await destroyClone(now, name, { isRead: true });
      now = await find();
    }
    return await cloneTree(now, snapshot, { name, readOnly: true });
  });
  try {
    return await work(copy);
  } finally {
    await withClones(place.volume, () => destroyClone(place, name, { isRead: true }));
  }
}

/** Removes what was copied of these snapshots to be read: nobody reads a state that was released. */
export async function removeCopies(place: Place, snapshots: readonly string[]): Promise<void> {
  for (const [name, { properties }] of readsOf(place)) {
    if (snapshots.includes(properties['origin'] ?? ''))
      await withClones(place.volume, () => destroyClone(place, name, { isRead: true }));
  }
}

/** The snapshot of which a path answered by `pointPath` is a copy. */
export function findReadSnapshot({ beside }: Place, path: string): string | undefined {
  const isIt = ({ kind, properties }: Entry) => kind === 'dataset' && properties['mountpoint'] === path;
  return beside.find(isIt)?.properties['origin'];
}

/** True where a program works in a folder, as whatever reads a copy does. */
async function isWorkedIn(host: Host, path: string): Promise<boolean> {
  const pattern = `${path.replaceAll(/[*?[\\]/g, String.raw`\$&`)}*`;
  const find = ['find', '/proc', '-maxdepth', '2', '-name', 'cwd', '-lname', pattern, '-print', '-quit'];
  // Processes that end meanwhile make it fail.
  return (await host.run(find)).stdout.length > 0;
}

/**
 * Removes the copies in which nobody reads: as long as a clone of what it renames is mounted, zfs-fuse says for ever that
 * it is busy. Whoever reads next gets a new copy.
 */
export async function removeIdleReads(place: Place): Promise<void> {
  const { host, volume } = place;
  const reads = readsOf(place);
  if (reads.size === 0) return;
  await withClones(volume, async () => {
    for (const [name, { properties }] of reads) {
      const path = properties['mountpoint'] ?? mountPathOf(place, name);
      if (!(await isWorkedIn(host, path))) await destroyClone(place, name, { isRead: true });
    }
  });
}

/** Removes the copies of these points, and those that nobody reads any more. */
export async function removeReads(place: Place, pointIds: readonly string[]): Promise<void> {
  const unwanted = new Set(pointIds.map(readName));
  const now = Date.now() / 1000;
  await withClones(place.volume, async () => {
    for (const [name, made] of readsOf(place)) {
      const isOld = now - numberOf(made, 'creation') > READ_SECONDS;
      if (unwanted.has(name) || isOld) await destroyClone(place, name, { isRead: true });
    }
  });
}
