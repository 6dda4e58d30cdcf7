/** Where a volume is in its pool, and what Tidemark keeps beside it. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { findFeatures, type Features } from './features';
import { type Entry, listTree, numberOf, snapshotsOf } from './listing';
import { CLAIMS, containerOf, FLUSH, PENDING, POINT, sideOf } from './names';
import { isMissing, makeError, runZfs, type Subject } from './tools';

export interface Place extends Subject {
  features: Features;
  /** The volume with everything below it, oldest snapshots first; empty where there is none. */
  entries: Entry[];
  /** What Tidemark keeps beside the volume: a side volume, what it replaced, clones. */
  beside: Entry[];
  dataset?: Entry;
  container?: Entry;
}

export async function findPlace(host: Host, volume: Volume): Promise<Place> {
  const subject = { host, volume };
  const container = containerOf(volume);
  const [features, entries, beside] = await Promise.all([
    findFeatures(host),
    listTree(subject, volume.path),
    listTree(subject, container),
  ]);
  const dataset = entries.find(({ name }) => name === volume.path);
  const own = beside.find(({ name }) => name === container);
  return {
    ...subject,
    features,
    entries,
    beside,
    ...(dataset && { dataset }),
    ...(own && { container: own }),
  };
}

/** A place whose volume is there. */
export type ReadyPlace = Place & { dataset: Entry };

/** @throws TidemarkError `VolumeMissing` */
export async function findReadyPlace(host: Host, volume: Volume): Promise<ReadyPlace> {
  const place = await findPlace(host, volume);
  if (!place.dataset) throw makeMissing(place);
  return { ...place, dataset: place.dataset };
}

export function makeMissing(subject: Subject, details: { hint?: string } = {}) {
  const hint = details.hint ?? 'is its pool imported? See: zpool import; zfs list';
  return makeError(subject, 'VolumeMissing', 'there is no such dataset', { hint });
}

/** Snapshots of the live volume itself, oldest first. */
export function ownSnapshots({ entries, volume }: Pick<Place, 'entries' | 'volume'>): Entry[] {
  return snapshotsOf(entries, volume.path);
}

/** All datasets of the volume that have a snapshot of this name. */
export function withChildren(entries: readonly Entry[], { dataset, own }: Entry): Entry[] {
  const isInside = (entry: Entry) => entry.dataset === dataset || entry.dataset.startsWith(`${dataset}/`);
  return entries.filter((entry) => entry.kind === 'snapshot' && entry.own === own && isInside(entry));
}

/** Made by Tidemark, as a capture or by receiving one: also by other relationships, which have their own stamps. */
export function isOurs({ own, local }: Entry): boolean {
  return own.startsWith('tidemark_') || local.has(POINT);
}

/** Makes the dataset beside the volume, and the one that holds all of them. Neither is ever mounted. */
export async function ensureContainer(subject: Subject): Promise<string> {
  const container = containerOf(subject.volume);
  if ((await listTree(subject, container)).some(({ name }) => name === container)) return container;
  const folder = container.slice(0, container.lastIndexOf('/'));
  const hidden = [
    '-o',
    'canmount=off',
    '-o',
    'mountpoint=none',
    '-o',
    'readonly=on',
    '-o',
    'com.sun:auto-snapshot=false',
  ];
  const allow = (stderr: string) => /dataset already exists/.test(stderr);
  const parent = folder.slice(0, folder.lastIndexOf('/'));
  if (parent.includes('/')) await runZfs(subject, ['create', '-p', parent], { allow });
  await runZfs(subject, ['create', ...hidden, folder], { allow });
  await runZfs(subject, ['create', '-o', 'canmount=off', container], { allow });
  return container;
}

/** Has ZFS write out what waits in memory, so that what it says of sizes is true. */
export async function flush(subject: Subject): Promise<void> {
  await runZfs(subject, ['inherit', FLUSH, subject.volume.path], { allow: isMissing });
}

/**
 * Whether a dataset, or a child that has a snapshot of the same name, differs from its newest snapshot. To be
 * asked of what was listed after {@link flush}.
 */
export function differsFromNewest(place: Place, dataset: string): boolean {
  const all = allEntries(place);
  const newest = snapshotsOf(all, dataset).at(-1);
  if (!newest) return false;
  return withChildren(all, newest).some((snapshot) => {
    const youngest = snapshotsOf(all, snapshot.dataset).at(-1);
    if (youngest?.name !== snapshot.name) return true;
    const owner = all.find(({ name }) => name === snapshot.dataset);
    // Where ZFS does not count what was written: what only the snapshot still has was replaced since.
    return place.features.written
      ? owner !== undefined && numberOf(owner, 'written') > 0
      : numberOf(snapshot, 'used') > 0;
  });
}

/**
 * Whether one dataset alone holds what no snapshot has: since its newest, or since that of which it was made a branch.
 * To be asked of what was listed after {@link flush}.
 */
export function holdsUnfrozen(place: Place, { name, properties }: Entry): boolean {
  const { written } = place.features;
  const newest = snapshotsOf(allEntries(place), name).at(-1);
  if (!newest && properties['origin'] === undefined) return true;
  if (written) return Number(properties['written'] ?? 0) > 0;
  return Number(newest ? newest.properties['used'] : properties['usedbydataset']) > 0;
}

/** The claims that are stored with this entry itself. */
export function claimsText(entry: Entry | undefined): string | undefined {
  return entry?.local.has(CLAIMS) ? entry.properties[CLAIMS] : undefined;
}

/** The side volume, where there is one. */
export function findSide({ beside, volume }: Place): Entry | undefined {
  return beside.find(({ name }) => name === sideOf(volume));
}

/** A side volume that is whole, and was about to take the replica's place. */
export function findPendingSide(place: Place): Entry | undefined {
  const side = findSide(place);
  return side?.local.has(PENDING) ? side : undefined;
}

/** Everything that any point, side volume or clone consists of. */
export function allEntries({ entries, beside }: Pick<Place, 'entries' | 'beside'>): Entry[] {
  return [...entries, ...beside];
}
