/** Freezes which images the source has, and keeps them until they are sent. */
import type { Volume } from '../../model/records';
import type { ImageSpec, MoverSpec } from '../../model/spec';
import type { Host } from '../../hosts/contract';
import { withLock } from '../shared/lock';
import { makeError, writeRecord } from '../shared/tools';
import type { Capture } from '../../model/capture';
import { LEFT_OUT_EXAMPLES } from '../../model/left-out';
import { type EngineImage, findNotCarried, identityOf, type ImageSet, selectImages } from './image-set';
import { keepImages, sweepKept } from './kept';
import { beginAttempt, findPlace, findReadyPlace, lockKey, type Place } from './place';
import { type CaptureRecord, readCapture, readCaptures, recordPath, capturedPath } from './records';
import type { CaptureRequest } from '../contract';

/** Which images a spec asks for; a mover of another kind asks for none in particular. */
export function imageOptions(mover: MoverSpec = {}): ImageSpec {
  return mover.image ?? { names: [], used: false };
}

/** What a store holds of what a spec asks for. */
export async function readSelected(
  place: Place,
  selection: ImageSpec,
): Promise<{ set: ImageSet; images: EngineImage[] }> {
  const images = await place.engine.images(place);
  const used = selection.used ? await place.engine.usedIds(place, images) : new Set<string>();
  return { set: { engine: place.kind, ...selectImages(images, selection, used) }, images };
}

/** `capture` of the volume contract: the path is that of its record. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  const { relationship, syncId, method, mover, signal } = request;
  const found = await findReadyPlace(host, volume);
  if (method !== 'Snapshot') {
    const hint = 'leave copyMethod out, or use copyMethod Snapshot';
    throw makeError(found, 'UnsupportedCapture', `images can't be captured by ${method}`, { hint });
  }
  const place = await beginAttempt(found, 'capture', relationship);
  return await withLock(lockKey(place, relationship), async () => {
    const path = recordPath(place, relationship, 'captures', syncId);
    const { set, notCarried } = (await readCapture(place, path)) ?? (await freeze(place, request, path));
    signal?.throwIfAborted();
    const captured = { selection: imageOptions(mover), names: set.names };
    await writeRecord(place, capturedPath(place, relationship), captured);
    const leftOut = describeLeftOut(notCarried);
    return { syncId, method, path, identity: identityOf(set), live: false, ...leftOut };
  });
}

function describeLeftOut(notCarried: readonly string[]): Pick<Capture, 'leftOut'> {
  if (notCarried.length === 0) return {};
  const examples = notCarried.slice(0, LEFT_OUT_EXAMPLES);
  return { leftOut: [{ reason: 'image', count: notCarried.length, examples }] };
}

async function freeze(
  place: Place,
  request: CaptureRequest,
  path: string,
): Promise<Pick<CaptureRecord, 'set' | 'notCarried'>> {
  const { relationship, syncId, mover, signal } = request;
  const selection = imageOptions(mover);
  const { set, images } = await readSelected(place, selection);
  await keepImages(place, relationship, Object.keys(set.images), images, signal);
  const lists = (await place.engine.lists?.(place, images)) ?? [];
  const notCarried = findNotCarried(images, lists, selection, set);
  const record: CaptureRecord = { syncId, store: place.volume.path, set, selection, notCarried };
  await writeRecord(place, path, record);
  return record;
}

/** `release` of the volume contract. */
export async function release(
  host: Host,
  volume: Volume,
  { relationship, keepSyncIds }: { relationship: string; keepSyncIds: readonly string[] },
): Promise<void> {
  const found = await findPlace(host, volume);
  if (!found.exists) return;
  const place = await beginAttempt(found, 'capture', relationship);
  await withLock(lockKey(place, relationship), async () => {
    for (const { syncId } of await readCaptures(place, relationship)) {
      if (keepSyncIds.includes(syncId)) continue;
      await host.files.remove(recordPath(place, relationship, 'captures', syncId));
    }
    await sweepKept(place, relationship);
  });
}
