/** Moves the names of a target to what has landed, and keeps that as a recovery point. */
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { publishOnce } from '../shared/publish-once';
import { makeError, writeRecord } from '../shared/tools';
import type { PointStamp } from '../contract';
import { readSelected } from './capture';
import { identityOf, type ImageSet } from './image-set';
import { checkWhole, keepImages } from './kept';
import { beginAttempt, findReadyPlace, lockKey, type Place } from './place';
import {
  landedPath,
  readLanded,
  readLimit,
  readLive,
  readPoints,
  readCaptured,
  recordPath,
  writeLive,
  capturedPath,
} from './records';
import { readLiveSet, setNames } from './replica';
import type { PublishRequest } from '../contract';

/** `publish` of the volume contract. */
export async function publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point> {
  const { relationship, stamp, method } = request;
  const found = await findReadyPlace(host, volume);
  if (method !== 'Snapshot') {
    const hint = 'leave copyMethod out, or use copyMethod Snapshot';
    throw makeError(found, 'UnsupportedCapture', `images can't be kept by ${method}`, { hint });
  }
  const place = await beginAttempt(found, 'publish', relationship);
  const look = async () => ({
    points: (await readPoints(place, relationship)).map(({ point }) => point),
  });
  return await publishOnce(lockKey(place, relationship), stamp.id, look, async () => {
    const set = stamp.diverged ? await keepLive(place, request) : await install(place, request);
    return await writePoint(place, relationship, stamp, set);
  });
}

/**
 * Keeps what somebody else had made of the names as a point, which retention never takes. What an attempt kept
 * that was cut off stays in it.
 */
export async function keepForeign(
  place: Place,
  relationship: string,
  stamp: PointStamp,
  foreign: ImageSet,
): Promise<void> {
  const id = `${stamp.id}-diverged`;
  const before = (await readPoints(place, relationship)).find(({ point }) => point.id === id)?.set;
  const names = { ...foreign.names, ...before?.names };
  const images = { ...foreign.images, ...before?.images };
  await writePoint(place, relationship, { ...stamp, id, diverged: true }, { ...foreign, names, images });
}

async function writePoint(
  place: Place,
  relationship: string,
  stamp: PointStamp,
  set: ImageSet,
): Promise<Point> {
  const point: Point = {
    ...stamp,
    method: 'Snapshot',
    identity: identityOf(set),
    files: Object.keys(set.images).length,
  };
  await writeRecord(place, recordPath(place, relationship, 'points', point.id), { point, set });
  return point;
}

/** What an old primary has for itself: what it would have sent. */
async function keepLive(place: Place, { relationship, signal }: PublishRequest): Promise<ImageSet> {
  const captured = await readCaptured(place, relationship);
  const reading = captured ? readSelected(place, captured.selection) : readLiveSet(place, relationship);
  const { set, images } = await reading;
  await keepImages(place, relationship, Object.keys(set.images), images, signal);
  // From here on all of this may be replaced: it is kept.
  const known = await readLive(place, relationship);
  await writeLive(place, relationship, { set, found: known?.found ?? [] });
  return set;
}

/** What has landed takes the names; only once all of it is there, and whole. */
async function install(place: Place, request: PublishRequest): Promise<ImageSet> {
  const { relationship, stamp, identity, signal } = request;
  const landed = await readLanded(place, relationship);
  if (landed?.syncId !== stamp.syncId) {
    const hint = `the next sync brings it: tidemark sync ${relationship}`;
    throw makeError(place, 'TransferInterrupted', `what ${stamp.syncId} was to bring has not landed whole`, {
      hint,
    });
  }
  const { set } = landed;
  if (identity !== undefined && identityOf(set) !== identity) {
    const hint =
      'start the sync again; if it fails the same way, both hosts must run a Tidemark of the same version';
    throw makeError(place, 'VerificationFailed', 'what has landed is not what was captured', { hint });
  }
  const images = await place.engine.images(place);
  checkWhole(place, set, images);
  const known = await readLive(place, relationship);
  // Images without a name were somebody's who can only call them by their digest.
  const nameless = images.filter(({ id, names }) => set.images[id] && names.length === 0).map(({ id }) => id);
  const found = [...new Set([...(known?.found ?? []), ...nameless])];
  await keepImages(place, relationship, Object.keys(set.images), images, signal);
  const maxDrops = await readLimit(place, relationship, stamp.syncId);
  await setNames(place, relationship, {
    wanted: set,
    images,
    found,
    ...(maxDrops !== undefined && { maxDrops }),
    ...(signal && { signal }),
    keepForeign: (foreign) => keepForeign(place, relationship, stamp, foreign),
  });
  // It follows another primary now.
  await place.host.files.remove(capturedPath(place, relationship));
  await place.host.files.remove(landedPath(place, relationship));
  return set;
}
