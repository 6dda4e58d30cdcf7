/** The live replica: the names that this relationship has set in a store. */
import { approvalHint } from '../../model/guards';
import { makeError } from '../shared/tools';
import { type EngineImage, type ImageSet, indexNames, planMoves } from './image-set';
import { keepImages, makeVanished } from './kept';
import type { Place } from './place';
import { type Live, readCaptured, readLive, writeLive } from './records';
import { formatCount } from '../../model/units';

function imagesOf(ids: Iterable<string>, images: readonly EngineImage[]): ImageSet['images'] {
  const wanted = new Set(ids);
  const chosen = images.filter(({ id }) => wanted.has(id));
  return Object.fromEntries(chosen.map(({ id, layers, bytes }) => [id, { layers, bytes }]));
}

/** A set with the images that its names stand for. */
function makeSet(place: Place, names: Record<string, string>, images: readonly EngineImage[]): ImageSet {
  return { engine: place.kind, names, images: imagesOf(Object.values(names), images) };
}

/** Names that were set here, as they stand by now; whoever moved them. */
export async function readLiveSet(
  place: Place,
  relationship: string,
): Promise<{ set: ImageSet; images: EngineImage[] }> {
  const live = await readLive(place, relationship);
  const images = await place.engine.images(place);
  const now = indexNames(images);
  const names = Object.keys({ ...live?.set.names, ...live?.moving?.names });
  const entries = names.flatMap((name) => {
    const id = now.get(name);
    return id === undefined ? [] : [[name, id] as const];
  });
  return { set: makeSet(place, Object.fromEntries(entries), images), images };
}

/** Somebody else set, or removed, a name that was set here. */
export async function isChanged(place: Place, relationship: string): Promise<boolean> {
  const live = await readLive(place, relationship);
  if (!live || live.moving) return false;
  const now = indexNames(await place.engine.images(place));
  return Object.entries(live.set.names).some(([name, id]) => now.get(name) !== id);
}

const NOTHING: Pick<ImageSet, 'names' | 'images'> = { names: {}, images: {} };

interface SetNames {
  wanted: ImageSet;
  /** As the store has them, just listed. */
  images: readonly EngineImage[];
  found?: string[];
  maxDrops?: number;
  keepForeign: (foreign: ImageSet) => Promise<void>;
  signal?: AbortSignal;
}

/**
 * Sets the names of the replica to a state whose images are there and kept. Each name moves in one step, and
 * the record says before what it may be set to, so that what was cut off is known to be Tidemark's own.
 * @param keepForeign is given what somebody else had made of those names, kept already, before they move
 * @throws TidemarkError `ApprovalRequired` where more names would go than `maxDrops`
 */
export async function setNames(
  place: Place,
  relationship: string,
  { wanted, images, found, maxDrops, keepForeign, signal }: SetNames,
): Promise<void> {
  const live: Live = (await readLive(place, relationship)) ?? {
    set: { engine: place.kind, ...NOTHING },
    found: [],
  };
  const captured = await readCaptured(place, relationship);
  // As a source, its names were the relationship's as they were last sent.
  const made = [live.set.names, live.moving?.names ?? {}, captured?.names ?? {}];
  const byId = new Map(images.map((image) => [image.id, image]));
  const moves = planMoves(indexNames(images), wanted.names, made);
  if (moves.drop.length > (maxDrops ?? Infinity))
    throw makeTooMany(place, relationship, moves.drop.length, maxDrops);
  if (moves.foreign.length > 0) {
    const foreign = makeSet(place, Object.fromEntries(moves.foreign), images);
    await keepImages(place, relationship, Object.keys(foreign.images), images, signal);
    await keepForeign(foreign);
  }
  const next = { set: live.set, found: found ?? live.found };
  await writeLive(place, relationship, { ...next, moving: unite(live.moving, wanted) });
  for (const [name, id] of moves.set) {
    signal?.throwIfAborted();
    const image = byId.get(id);
    if (!image) throw makeVanished(place, id);
    await place.engine.tag(place, image, name);
  }
  for (const name of moves.drop) {
    signal?.throwIfAborted();
    await place.engine.untag(place, name);
  }
  await writeLive(place, relationship, { ...next, set: wanted });
}

function makeTooMany(place: Place, relationship: string, count: number, limit: number | undefined): Error {
  const message = `this sync would take ${formatCount(count, 'name')} of images away, and at most ${limit} may go without approval`;
  const hint = approvalHint(relationship);
  return makeError(place, 'ApprovalRequired', message, { hint });
}

/** Of several attempts that were cut off, the newest may have met a name of another. */
function unite(before: ImageSet | undefined, wanted: ImageSet): ImageSet {
  return {
    ...wanted,
    names: { ...before?.names, ...wanted.names },
    images: { ...before?.images, ...wanted.images },
  };
}
