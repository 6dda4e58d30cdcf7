/** The names by which Tidemark keeps images, and who needs them. */
import { makeError } from '../shared/tools';
import { type EngineImage, type ImageSet } from './image-set';
import { isLandingName, keptName, parseKeptName } from './names';
import type { Place } from './place';
import { readCaptures, readLanded, readLive, readPoints } from './records';

/** Keeps images from being removed. @throws TidemarkError `SourceChanged` where one is not there. */
export async function keepImages(
  place: Place,
  relationship: string,
  ids: readonly string[],
  images: readonly EngineImage[],
  signal?: AbortSignal,
): Promise<void> {
  const byId = new Map(images.map((image) => [image.id, image]));
  for (const id of ids) {
    signal?.throwIfAborted();
    const image = byId.get(id);
    if (!image) throw makeVanished(place, id);
    const name = keptName(relationship, id);
    if (!image.names.includes(name)) await place.engine.tag(place, image, name);
  }
}

export function makeVanished(place: Place, id: string): Error {
  const hint =
    'the next sync brings it again; something there removes images: docker image prune, podman rmi -f?';
  return makeError(place, 'SourceChanged', `the image sha256:${id.slice(0, 12)} was removed meanwhile`, {
    hint,
  });
}

/** @throws TidemarkError `SourceChanged` unless all images are there, with all the layers that they are to have. */
export function checkWhole(place: Place, { images: wanted }: ImageSet, images: readonly EngineImage[]): void {
  const byId = new Map(images.map((image) => [image.id, image]));
  for (const [id, { layers }] of Object.entries(wanted)) {
    const image = byId.get(id);
    if (!image || layers.join() !== image.layers.join()) throw makeVanished(place, id);
  }
}

/** Images that something of the relationship needs. A clone has names of its own. */
async function findNeeded(place: Place, relationship: string): Promise<Set<string>> {
  const [captures, points, live, landed] = await Promise.all([
    readCaptures(place, relationship),
    readPoints(place, relationship),
    readLive(place, relationship),
    readLanded(place, relationship),
  ]);
  return new Set([
    ...[...captures, ...points].flatMap(({ set }) => Object.keys(set.images)),
    ...(landed ? Object.keys(landed.set.images) : []),
    ...(live?.found ?? []),
  ]);
}

/**
 * Lets go of the images that nothing of the relationship needs: those go that have no other name and that no
 * container uses; one in use is looked at again the next time.
 */
export async function sweepKept(place: Place, relationship: string, signal?: AbortSignal): Promise<void> {
  const needed = await findNeeded(place, relationship);
  for (const { names } of await place.engine.images(place)) {
    for (const name of names) {
      const id = parseKeptName(relationship, name);
      const isOver = id === undefined ? isLandingName(relationship, name) : !needed.has(id);
      if (!isOver) continue;
      signal?.throwIfAborted();
      await place.engine.untag(place, name);
    }
  }
}
