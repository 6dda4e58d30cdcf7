/** Makes what was received a recovery point, and the replica where it came into a side volume. */
import type { Host } from '../../hosts/contract';
import type { Point, Volume } from '../../model/records';
import { withLock } from '../shared/lock';
import { publishOnce } from '../shared/publish-once';
import { sealBranch } from './delta';
import { dropHold, hold } from './holds';
import { datasetsOf, type Entry } from './listing';
import { holdTag, sideOf, snapshotName } from './names';
import { partsOf } from './parts';
import { findPlace, findReadyPlace, ownSnapshots, type Place } from './place';
import { childrenFor, findStamped, writeStamp } from './points';
import { refresh } from './mounting';
import { settle, swapIn } from './swap';
import { makeError, runZfs } from './tools';
import type { PublishRequest } from '../contract';

/** One change of a volume's points at a time. */
export function withPoints<T>(volume: Volume, work: () => Promise<T>): Promise<T> {
  return withLock(pointsKey(volume), work);
}

const pointsKey = ({ path }: Volume) => `zfs-points:${path}`;

/** `publish` of the volume contract. */
export async function publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point> {
  const { relationship, stamp, method, identity } = request;
  if (method !== 'Snapshot') {
    const hint = 'leave copyMethod out';
    throw makeError({ host, volume }, 'UnsupportedCapture', 'a point of a ZFS dataset is a snapshot', {
      hint,
    });
  }
  const look = async () => {
    const before = await settle(host, volume);
    return { before, points: findStamped(before, relationship).map(({ point }) => point) };
  };
  return await publishOnce(pointsKey(volume), stamp.id, look, async ({ before }) => {
    const snapshot = await findState(before, request);
    const place = await findReadyPlace(host, volume);
    await moveHold(place, snapshot, relationship);
    const { id, syncId, sequence, capturedAt, publishedAt, bytes, files, diverged, leftOut } = stamp;
    const whole = { relationship, id, syncId, sequence, capturedAt, publishedAt, bytes, files };
    // The next sync must know that nothing can be sent from it.
    const isDelta = identity !== undefined && snapshot.properties['guid'] !== identity;
    await writeStamp(place, snapshot.name, {
      ...whole,
      ...(diverged && { diverged }),
      ...(isDelta && { delta: true }),
      ...(leftOut && { leftOut }),
      ...childrenFor(partsOf(place, snapshot)),
    });
    const point = findStamped(await findPlace(host, volume), relationship).find(
      (each) => each.point.id === id,
    );
    if (!point)
      throw makeError(place, 'ToolFailed', `the stamp of ${snapshot.name} was written, and is not there`);
    return point.point;
  });
}

/** What is to be the point: frozen here, received, or made by comparing files. */
async function findState(before: Place, request: PublishRequest): Promise<Entry> {
  const { host, volume } = before;
  const { relationship, stamp, stream, identity } = request;
  if (identity === undefined) return await freeze(host, volume, request);
  if (!stream?.onto) return await install(before, identity);
  const made = await sealBranch(before, snapshotName(relationship, stamp.syncId));
  // Without one, whatever was received is looked for.
  return await install(await findPlace(host, volume), made ?? identity);
}

/** The snapshot that was received, in the replica; what came into a side volume takes its place first. */
async function install(place: Place, identity: string): Promise<Entry> {
  const { host, volume } = place;
  const isIt = ({ kind, properties }: Entry) => kind === 'snapshot' && properties['guid'] === identity;
  // First beside the replica: that may have it too, in part, of a stream that did not come to its end.
  const isWaiting = place.beside.some((entry) => isIt(entry) && entry.dataset === sideOf(volume));
  const received = ownSnapshots(place).find(isIt);
  if (received && !isWaiting) {
    await refresh(place);
    return received;
  }
  if (!isWaiting) {
    const hint = 'sync again: it sends what is missing';
    throw makeError(place, 'VerificationFailed', 'the state that was sent is not what is here', { hint });
  }
  await swapIn(host, volume);
  const installed = ownSnapshots(await findPlace(host, volume)).find(isIt);
  if (!installed)
    throw makeError(place, 'ToolFailed', 'the side volume took its place, and its state is not there');
  return installed;
}

/** Freezes the live volume: what an old primary has for itself. */
async function freeze(
  host: Host,
  volume: Volume,
  { relationship, stamp, signal }: PublishRequest,
): Promise<Entry> {
  const place = await findReadyPlace(host, volume);
  const own = snapshotName(relationship, stamp.id);
  const name = `${volume.path}@${own}`;
  const isRecursive = datasetsOf(place.entries).some(
    (dataset) =>
      dataset.name !== volume.path &&
      place.entries.some((entry) => entry.dataset === dataset.name && entry.own.startsWith('tidemark_')),
  );
  const allow = (stderr: string) => /dataset already exists/.test(stderr);
  await runZfs(place, ['snapshot', ...(isRecursive ? ['-r'] : []), name], {
    allow,
    ...(signal && { signal }),
  });
  const made = ownSnapshots(await findPlace(host, volume)).find((entry) => entry.name === name);
  if (!made) throw makeError(place, 'ToolFailed', `${name} was made, and is not there`);
  return made;
}

/** The newest point is the base of the next stream, and nobody destroys it; the former one is free to go. */
async function moveHold(place: Place, base: Entry, relationship: string): Promise<void> {
  const tag = holdTag(relationship);
  const snapshotsOfState = (top: Entry) => partsOf(place, top).map((part) => part.snapshot);
  await hold(place, snapshotsOfState(base), tag);
  const former = findStamped(place, relationship).filter(({ snapshot }) => snapshot.name !== base.name);
  for (const { snapshot } of former) await dropHold(place, snapshotsOfState(snapshot), tag);
}
