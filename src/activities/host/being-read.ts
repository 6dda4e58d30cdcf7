/** Recovery points that somebody looks into just now: retention leaves them until that is over. Of this process, which prunes them too. */
import { TidemarkError } from '../../model/errors';
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';

interface Place {
  host: Host;
  volume: Volume;
  relationship: string;
}

const readers = new Map<string, number>();
const going = new Set<string>();

const keyOf = ({ host, volume, relationship }: Place, pointId: string) =>
  JSON.stringify([host.home, volume.kind, volume.path, relationship, pointId]);

/** @throws TidemarkError `PointMissing` where it is just being removed */
export async function whileRead<T>(place: Place, pointId: string, work: () => Promise<T>): Promise<T> {
  const key = keyOf(place, pointId);
  if (going.has(key)) {
    throw new TidemarkError('PointMissing', `recovery point ${pointId} is just being removed`, {
      ...{ host: place.host.name, volume: place.volume.path },
      hint: `retention no longer keeps it; tidemark points ${place.relationship} lists what there is`,
    });
  }
  readers.set(key, (readers.get(key) ?? 0) + 1);
  try {
    return await work();
  } finally {
    const left = (readers.get(key) ?? 1) - 1;
    if (left > 0) readers.set(key, left);
    else readers.delete(key);
  }
}

/** Of points that are to go, those that somebody reads. */
export const findRead = (place: Place, pointIds: readonly string[]): string[] =>
  pointIds.filter((pointId) => readers.has(keyOf(place, pointId)));

/** Nobody begins to read these until they are gone. */
export async function whileGoing<T>(
  place: Place,
  pointIds: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const keys = pointIds.map((pointId) => keyOf(place, pointId));
  for (const key of keys) going.add(key);
  try {
    return await work();
  } finally {
    for (const key of keys) going.delete(key);
  }
}
