/** What lies inside of a volume and is not frozen with it. Pure. */
import { STATE_FOLDER } from '../../model/paths';
import { type LeftOut, LEFT_OUT_EXAMPLES, type LeftOutReason } from '../../model/left-out';
import { type Place } from '../directory/place';
import { isInside, mountsBelow } from '../../trees/mounts';
import type { Subvolume } from '../directory/subvolumes/subvolumes';
import { findInner } from '../directory/subvolumes/trees';

function describe(reason: LeftOutReason, places: readonly string[]): LeftOut[] {
  if (places.length === 0) return [];
  return [{ reason, count: places.length, examples: places.slice(0, LEFT_OUT_EXAMPLES) }];
}

/** @param isNested subvolumes inside are sent along, but for somebody's snapshots */
export function findLeftOut(
  { root, mounts }: Pick<Place, 'root' | 'mounts'>,
  subvolumes: readonly Subvolume[],
  isNested: boolean,
): LeftOut[] {
  const placeOf = (path: string) => path.slice(root === '/' ? 1 : root.length + 1);
  const isOwn = (place: string) => place.split('/').includes(STATE_FOLDER);
  const inside = subvolumes.flatMap(({ path }) =>
    path !== undefined && path !== root && isInside(path, root) ? [placeOf(path)] : [],
  );
  const carried = new Set(isNested ? findInner(subvolumes, root).map(({ place }) => place) : []);
  const mounted = mountsBelow(mounts, root).map(({ point }) => placeOf(point));
  return [
    ...describe('subvolume', inside.filter((place) => !isOwn(place) && !carried.has(place)).sort()),
    ...describe('mount', [...new Set(mounted)].filter((place) => !isOwn(place)).sort()),
  ];
}
