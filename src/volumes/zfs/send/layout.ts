/** Where each dataset of a stream lands, and from which state it goes on: the target's decision. Pure. */
import type { StreamPlan } from '../../../model/plan-stream';
import { type Entry, snapshotsOf } from '../listing';
import { sideOf } from '../names';
import { findGone, isUnfinished } from '../parts';
import { allEntries, type Place } from '../place';
import type { OfferedPart } from './offer';

/** A dataset of the stream at the target. */
export interface LaidPart {
  /** Its path below the volume. */
  part: string;
  /** Where it lands. */
  dataset: string;
  /** The state here that it goes on from; none: it is sent whole. */
  base?: Entry;
  /** What an attempt before this has received and no point is made of. */
  unfinished: Entry[];
}

export interface Layout {
  /** `side`: into a branch of the bases, where the replica's own datasets are not those of the stream. */
  into: 'replica' | 'side';
  parts: LaidPart[];
}

type Where = Pick<Place, 'entries' | 'beside' | 'volume' | 'features'>;

/** The newest state of a child that both sides hold: known by its guid, never by its name. */
function findBase(place: Where, dataset: string, { guids }: OfferedPart): Entry | undefined {
  const held = snapshotsOf(allEntries(place), dataset);
  return held.findLast(({ properties }) => guids.includes(properties['guid'] ?? ''));
}

/** A dataset of the replica that its stream can resume, or that is not there yet. */
function isReady(place: Where, { dataset, base, unfinished }: LaidPart): boolean {
  // One that is mounted while it is received needs a folder, which a replica that is read-only does not get.
  if (!place.entries.some(({ name }) => name === dataset)) return place.features.receiveUnmounted;
  const own = snapshotsOf(place.entries, dataset);
  const after = base ? own.slice(own.indexOf(base) + 1) : own;
  return (base !== undefined || own.length > 0) && after.length === unfinished.length;
}

/**
 * In the replica's own datasets where each goes on from its newest state or is new, and there are no others that a
 * stream once brought; otherwise beside it. What has a base is never sent whole again because another has none.
 * @param base the volume's own base, where there is one; it may be in a replica that was replaced
 */
export function planLayout(
  place: Where,
  offered: readonly OfferedPart[],
  stream: StreamPlan,
  base: Entry | undefined,
): Layout {
  const { volume } = place;
  const root = base?.dataset ?? volume.path;
  const sorted = offered.toSorted((one, other) => (one.part < other.part ? -1 : 1));
  const bases = new Map<string, Entry>();
  for (const each of sorted) {
    const found = each.part === '' ? base : base && findBase(place, `${root}${each.part}`, each);
    // A branch of what lies in a dataset that is sent whole has nothing to lie in.
    const parents = sorted.filter(({ part }) => part !== each.part && each.part.startsWith(`${part}/`));
    if (found && parents.every(({ part }) => bases.has(part))) bases.set(each.part, found);
  }
  const lay = (at: string) =>
    sorted.map(({ part }): LaidPart => {
      const dataset = `${at}${part}`;
      const own = snapshotsOf(allEntries(place), dataset);
      const from = bases.get(part);
      const after = from ? own.slice(own.indexOf(from) + 1) : own;
      const unfinished = after.filter((snapshot) => isUnfinished(place, snapshot));
      return { part, dataset, unfinished, ...(from && { base: from }) };
    });
  const onto = lay(volume.path);
  const isOnto = stream.into === 'replica' && base?.dataset === volume.path;
  const names = sorted.map(({ part }) => part);
  if (isOnto && onto.every((part) => isReady(place, part)) && findGone(place, names).length === 0)
    return { into: 'replica', parts: onto };
  return { into: 'side', parts: lay(sideOf(volume)) };
}
