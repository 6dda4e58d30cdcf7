/** What publishing a recovery point is for every kind: one at a time, and the same one once. */
import type { Point } from '../../model/records';
import { withLock } from './lock';

/**
 * Makes a recovery point, unless one of its id is there already: a second attempt answers that.
 * @param key what changes of these points lock
 * @param look reads the points that are there, oldest first, with what `make` needs besides
 */
export function publishOnce<Found extends { points: readonly Point[] }>(
  key: string,
  id: string,
  look: () => Promise<Found>,
  make: (found: Found) => Promise<Point>,
): Promise<Point> {
  return withLock(key, async () => {
    const found = await look();
    return found.points.find((point) => point.id === id) ?? (await make(found));
  });
}
