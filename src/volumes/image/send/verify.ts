/** Compares a recovery point with what it was made from, by digest; changes nothing. */
import { z } from 'zod';
import type { Host } from '../../../hosts/contract';
import type { Comparison, Difference } from '../../../model/records';
import { imageOptions, readSelected } from '../capture';
import { identityOf, type ImageSet, ImageSetSchema } from '../image-set';
import { isName } from '../names';
import { findReadyPlace } from '../place';
import type { Mover } from '../../../movers/contract';
import { landingOf } from '../../../movers/shared/told';
import { parseChecked, parseHeld, type Held } from './protocol';
import { openSession } from './session';

type VerifyRequest = Parameters<Mover['verify']>[1];

/** More would be too much for one answer through Temporal. */
const TOLD_DIFFERENCES = 1000;

const RecordSchema = z.object({ set: ImageSetSchema });

/** `verify` of the mover contract. */
export async function verify(host: Host, request: VerifyRequest): Promise<Comparison> {
  const { id, volume, opened, mover, identity, quick, signal, onProgress } = request;
  onProgress({ phase: 'comparing', bytesDone: 0, filesDone: 0, rateBytesPerSecond: 0 });
  const place = await findReadyPlace(host, volume);
  const { set: now } = await readSelected(place, imageOptions(mover));
  const session = await openSession(host, { id, landing: landingOf(opened), volume, signal });
  const { set } = RecordSchema.parse(JSON.parse(await session.ask('record')));
  const held = parseHeld(await session.ask('list'));
  const wanted = listChecked(set);
  const checked = quick
    ? undefined
    : parseChecked(await session.ask('check', wanted.map((each) => `${each}\n`).join('')));
  onProgress({ phase: 'comparing', bytesDone: 0, filesDone: wanted.length, rateBytesPerSecond: 0 });
  const isAsCaptured = identityOf(set) === identity;
  return summarize([...findDamage(set, held, checked), ...findChanges(set, now, isAsCaptured)], {
    ...set.images,
    ...now.images,
  });
}

/** What the target is asked to read: whole images, or of containerd each blob by itself. */
function listChecked({ engine, images }: ImageSet): string[] {
  if (engine !== 'containerd') return Object.keys(images);
  return [...new Set(Object.values(images).flatMap(({ layers }) => layers))];
}

interface Found extends Difference {
  image?: string;
}

/** A name for an image, for people. */
function callImage(set: ImageSet, id: string): string {
  const name = Object.entries(set.names).find(([, each]) => each === id)?.[0];
  return name ?? `sha256:${id}`;
}

/** What is not at the target as the point says: nothing explains that. */
export function findDamage(
  set: ImageSet,
  held: Held,
  checked: ReturnType<typeof parseChecked> | undefined,
): Found[] {
  const byId = new Map(held.images.map((image) => [image.id, image]));
  const found: Found[] = [];
  const tell = (path: string, what: string, image: string) =>
    found.push({ path, what: [what], changedSince: false, image });
  const isClassic = set.engine !== 'containerd';
  for (const [id, { layers }] of Object.entries(set.images)) {
    const path = callImage(set, id);
    const image = byId.get(id);
    const isThere =
      image &&
      (isClassic ? image.layers.join() === layers.join() : layers.every((blob) => held.blobs.has(blob)));
    if (!isThere) {
      tell(path, 'missing', id);
      continue;
    }
    if (!checked) continue;
    const digests = isClassic ? [id, ...layers] : layers;
    const isWhole = digests.every((digest) => checked.get(isClassic ? id : digest)?.has(digest));
    if (!isWhole) tell(path, 'content', id);
  }
  // Only the state that the names were last set to has names of its own to compare.
  if (!held.live || identityOf(held.live) !== identityOf(set)) return found;
  const names = new Map(held.images.flatMap(({ id, names: own }) => own.map((name) => [name, id] as const)));
  for (const [name, id] of Object.entries(set.names)) {
    if (names.get(name) !== id && byId.has(id)) tell(name, 'name', id);
  }
  return found;
}

/** What the source has by now that the point has not, and the other way round. */
export function findChanges(set: ImageSet, now: ImageSet, isAsCaptured: boolean): Found[] {
  const names = new Set([...Object.keys(set.names), ...Object.keys(now.names)]);
  return [...names].filter(isName).flatMap((path) => {
    const [at, source] = [set.names[path], now.names[path]];
    if (at === source) return [];
    const what = at === undefined ? 'missing' : source === undefined ? 'extra' : 'content';
    const image = source ?? at;
    // The point is what was captured, proven by its identity: then the source has moved on.
    return [{ path, what: [what], changedSince: isAsCaptured, ...(image !== undefined && { image }) }];
  });
}

function summarize(all: readonly Found[], images: ImageSet['images']): Comparison {
  const unexplained = all.filter(({ changedSince }) => !changedSince);
  const explained = all.filter(({ changedSince }) => changedSince);
  const lacking = new Set(
    all.flatMap(({ what, image }) =>
      image !== undefined && !what.includes('name') && !what.includes('extra') ? [image] : [],
    ),
  );
  return {
    differences: [...unexplained, ...explained]
      .slice(0, TOLD_DIFFERENCES)
      .map(({ path, what, changedSince }) => ({ path, what, changedSince })),
    total: all.length,
    unexplained: unexplained.length,
    bytes: [...lacking].reduce((sum, id) => sum + (images[id]?.bytes ?? 0), 0),
  };
}
