/** Freezes the source, and releases it again. */
import type { Host } from '../../hosts/contract';
import type { HeldState, Volume } from '../../model/records';
import { LEFT_OUT_EXAMPLES } from '../../model/left-out';
import type { Capture } from '../../model/capture';
import { removeCopies } from './clones';
import { dropHold, hold } from './holds';
import { type Entry, listHidden, numberOf, snapshotsOf } from './listing';
import { findWholePoint, leavePoints, newestSyncOf, syncsOf, takePoint } from './middle';
import { holdTag, POINT, snapshotName, snapshotPrefix } from './names';
import { findAsides, sourceParts } from './parts';
import {
  allEntries,
  differsFromNewest,
  findPlace,
  findReadyPlace,
  flush,
  isOurs,
  ownSnapshots,
  type Place,
  withChildren,
} from './place';
import { isDelta } from './points';
import { isMissing, makeError, runZfs, type Subject } from './tools';
import type { CaptureRequest } from '../contract';

/** A folder of ZFS is as large as the number of its entries, with itself and the one above it. */
const EMPTY_FOLDER = 2;

/** Bookmarks take next to no space, but each is one more line to read. */
const KEPT_BOOKMARKS = 20;

/** `capture` of the volume contract. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  const { relationship, syncId, method, mover, signal } = request;
  const subject = { host, volume };
  if (method !== 'Snapshot') {
    const hint = 'use copyMethod Snapshot, or leave it out';
    throw makeError(subject, 'UnsupportedCapture', 'a ZFS dataset is frozen by a snapshot', { hint });
  }
  const own = snapshotName(relationship, syncId);
  const name = `${volume.path}@${own}`;
  const isRecursive = mover?.zfs?.recursive === true;
  await flush(subject);
  const before = await findReadyPlace(host, volume);
  const point = await takeWholePoint(before, request, isRecursive);
  if (point) {
    const identity = point.properties['guid'] ?? '';
    const lacking = isRecursive ? {} : findLeftOut(before);
    return { syncId, method, path: point.name, identity, live: false, ...lacking };
  }
  const allow = (stderr: string) => /dataset already exists/.test(stderr);
  await runZfs(subject, ['snapshot', ...(isRecursive ? ['-r'] : []), name], {
    allow,
    ...(signal && { signal }),
  });
  if (isRecursive) await dropHidden(subject, own);
  const place = await findReadyPlace(host, volume);
  const made = place.entries.find((entry) => entry.name === name);
  if (!made) throw makeError(place, 'ToolFailed', `${name} was made, and is not there`);
  await hold(place, withChildren(place.entries, made), holdTag(relationship));
  const leftOut = isRecursive ? {} : findLeftOut(place);
  return { syncId, method, path: name, identity: made.properties['guid'] ?? '', live: false, ...leftOut };
}

/** Datasets below, where they are not wanted. */
function findLeftOut(place: Place): Pick<Capture, 'leftOut'> {
  const below = sourceParts(place).slice(1);
  const examples = below.slice(0, LEFT_OUT_EXAMPLES).map((name) => name.slice(place.volume.path.length + 1));
  return below.length === 0 ? {} : { leftOut: [{ reason: 'subvolume', count: below.length, examples }] };
}

/** What Tidemark keeps inside of the volume, for others or of the volume's own, was frozen too, and is no part of it. */
async function dropHidden(subject: Subject, own: string): Promise<void> {
  for (const name of await listHidden(subject, subject.volume.path, own))
    await destroySnapshot(subject, name);
}

/** What another relationship froze, and this sync sends on: held for it. */
async function takeWholePoint(
  place: Place,
  { relationship, syncId }: { relationship: string; syncId: string },
  isRecursive: boolean,
): Promise<Entry | undefined> {
  const snapshots = ownSnapshots(place);
  const taken = snapshots.find((snapshot) => syncsOf(snapshot).includes(syncId));
  const isFrozen = snapshots.some(({ own }) => own === snapshotName(relationship, syncId));
  const point = taken ?? (isFrozen ? undefined : findWholePoint(place, relationship, isRecursive));
  if (point) await takePoint(place, point, { relationship, syncId });
  return point;
}

/** `release` of the volume contract. A recovery point of ours is no capture, though it may be called the same. */
export async function release(
  host: Host,
  volume: Volume,
  { relationship, keepSyncIds }: { relationship: string; keepSyncIds: readonly string[] },
): Promise<void> {
  const place = await findPlace(host, volume);
  const prefix = snapshotPrefix(relationship);
  const kept = new Set(keepSyncIds.map((syncId) => snapshotName(relationship, syncId)));
  await leavePoints(place, relationship, keepSyncIds);
  const captures = capturesOf(place).filter(
    ({ own, local }) => own.startsWith(prefix) && !kept.has(own) && !local.has(POINT),
  );
  await removeCopies(
    place,
    captures.map(({ name }) => name),
  );
  for (const snapshot of captures) await drop(place, snapshot, relationship);
  if (captures.length > 0 && place.features.bookmarks) await forgetBookmarks(host, volume, prefix);
}

/** Snapshots of the volume, and of what it was before another state took its place. */
function capturesOf(place: Place): Entry[] {
  const asides = findAsides(place).map(({ name }) => name);
  return [place.volume.path, ...asides].flatMap((dataset) => snapshotsOf(allEntries(place), dataset));
}

/** What somebody else holds or has cloned stays, and is tried again by the next release. */
async function drop(place: Place, snapshot: Entry, relationship: string): Promise<void> {
  const { features } = place;
  const entries = allEntries(place);
  const all = withChildren(entries, snapshot);
  if (features.bookmarks && !entries.some(({ name }) => name === `${snapshot.dataset}#${snapshot.own}`)) {
    await runZfs(place, ['bookmark', snapshot.name, `${snapshot.dataset}#${snapshot.own}`]);
  }
  await dropHold(place, all, holdTag(relationship));
  for (const { name } of all.toReversed()) await destroySnapshot(place, name);
}

/** Destroys one of ours, unless it is needed: held, or the origin of a clone. False where it stays. */
export async function destroySnapshot(place: Pick<Place, 'host' | 'volume'>, name: string): Promise<boolean> {
  const isNeeded = (stderr: string) => /is busy|dependent clones|has children/.test(stderr);
  const allow = (stderr: string) => isNeeded(stderr) || isMissing(stderr);
  const { exitCode, stderr } = await runZfs(place, ['destroy', name], { allow, patient: false });
  return exitCode === 0 || isMissing(stderr);
}

async function forgetBookmarks(host: Host, volume: Volume, prefix: string): Promise<void> {
  const { entries, ...subject } = await findPlace(host, volume);
  const isOld = ({ kind, own, dataset }: Entry) =>
    kind === 'bookmark' && own.startsWith(prefix) && dataset === volume.path;
  const bookmarks = entries
    .filter(isOld)
    .sort((one, other) => numberOf(one, 'createtxg') - numberOf(other, 'createtxg'));
  for (const { name } of bookmarks.slice(0, -KEPT_BOOKMARKS))
    await runZfs(subject, ['destroy', name], { allow: isMissing });
}

/** Which sync made a snapshot of ours, and what is kept by it alone, of the children too. */
function costOf(entries: readonly Entry[], entry: Entry, relationship: string) {
  const { kind, own } = entry;
  const prefix = snapshotPrefix(relationship);
  const syncId = own.startsWith(prefix) ? own.slice(prefix.length) : newestSyncOf(entry, relationship);
  if (kind !== 'snapshot' || syncId === undefined) return {};
  const all = entries.filter((each) => each.kind === 'snapshot' && each.own === own);
  const bytes = all.reduce((sum, each) => sum + numberOf(each, 'used'), 0);
  return { syncId, bytes };
}

/** `states` of the volume contract. */
export async function states(host: Host, volume: Volume, relationship: string): Promise<HeldState[]> {
  const place = await findPlace(host, volume);
  const { entries } = place;
  return entries
    .filter(({ kind, dataset }) => kind !== 'dataset' && dataset === volume.path)
    .sort((one, other) => numberOf(one, 'createtxg') - numberOf(other, 'createtxg'))
    .map((entry) => ({
      identity: entry.properties['guid'] ?? '',
      name: entry.name,
      createdAt: new Date(numberOf(entry, 'creation') * 1000).toISOString(),
      kind: entry.kind === 'bookmark' ? 'bookmark' : 'snapshot',
      ours: isOurs(entry),
      ...(isDelta(place, entry) && { delta: true as const }),
      ...costOf(entries, entry, relationship),
    }));
}

/** `isChanged` of the volume contract. A dataset that was never frozen is all change, unless it is empty. */
export async function isChanged(host: Host, volume: Volume): Promise<boolean> {
  await flush({ host, volume });
  const place = await findPlace(host, volume);
  if (!place.dataset) return false;
  if (ownSnapshots(place).length === 0) return !(await isEmpty(place));
  return differsFromNewest(place, volume.path);
}

/**
 * Mounted, and without an entry. What is not mounted can't be looked at. Its size alone tells: to list it would
 * change when it was last read, and thereby the dataset.
 */
export async function isEmpty({ host, dataset }: Pick<Place, 'host' | 'dataset'>): Promise<boolean> {
  if (!dataset) return true;
  const { mounted, mountpoint = '' } = dataset.properties;
  if (mounted !== 'yes' || !mountpoint.startsWith('/')) return false;
  const { exitCode, stdout } = await host.run(['stat', '-c', '%s', '--', mountpoint]);
  return exitCode === 0 && Number(stdout.toString()) <= EMPTY_FOLDER;
}
