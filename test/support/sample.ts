/** What an ordinary run plays of many cases that are alike; `npm run chaos` plays them all. */
import { makeRandom } from '../chaos/world';
import { tell } from './tell';
import { SEED } from './seed';

tell(`a choice of cases: TIDEMARK_CHAOS_SEED=${SEED}`);
const IS_ALL = process.env.TIDEMARK_CHAOS_CELLS !== undefined;

/** So many of a list, one from each equal part of it; which ones differs from run to run. */
export function sample<T>(items: readonly T[], count: number): T[] {
  if (IS_ALL || items.length <= count) return [...items];
  const random = makeRandom(SEED);
  return Array.from({ length: count }, (_, part) => {
    const index = Math.floor(((part + random()) * items.length) / count);
    return items.slice(index, index + 1);
  }).flat();
}
