/** The datasets that one state consists of, wherever they lie in the pool by now. Pure. */
import { datasetsOf, type Entry } from './listing';
import { containerOf, POINT } from './names';
import type { Place } from './place';

/** Names of the snapshots that Tidemark makes, whichever relationship did. */
const MADE_BY_TIDEMARK = /^tidemark_/;

/** One dataset of a state. */
export interface Part {
  /** Its path below the volume: empty for the volume itself, `/mail` for a child. */
  part: string;
  snapshot: Entry;
}

type Where = Pick<Place, 'entries' | 'beside' | 'volume'>;

/** Where a dataset belongs: below the volume, or below what took or gave its place beside it. */
function splitPart({ volume }: Where, dataset: string): { root: string; part: string } | undefined {
  const isIn = (root: string) => dataset === root || dataset.startsWith(`${root}/`);
  if (isIn(volume.path)) return { root: volume.path, part: dataset.slice(volume.path.length) };
  const container = containerOf(volume);
  if (container === undefined || !dataset.startsWith(`${container}/`)) return undefined;
  const [own = ''] = dataset.slice(container.length + 1).split('/');
  const root = `${container}/${own}`;
  return { root, part: dataset.slice(root.length) };
}

/**
 * The datasets that a snapshot stands for, parents first: those frozen with it, by its name. A child that has left the
 * replica since is found beside it.
 */
export function partsOf(place: Where, top: Entry): Part[] {
  const home = splitPart(place, top.dataset);
  if (!home || home.part !== '') return [{ part: '', snapshot: top }];
  const found = new Map<string, Entry>();
  for (const entry of [...place.entries, ...place.beside]) {
    if (entry.kind !== 'snapshot' || entry.own !== top.own) continue;
    const at = splitPart(place, entry.dataset);
    if (!at || (at.part === '' && entry.name !== top.name)) continue;
    if (at.root === home.root || !found.has(at.part)) found.set(at.part, entry);
  }
  return [...found]
    .map(([part, snapshot]) => ({ part, snapshot }))
    .sort((one, other) => (one.part < other.part ? -1 : 1));
}

/** Datasets that were the replica before another state took its place. */
export function findAsides({ beside, volume }: Pick<Place, 'beside' | 'volume'>): Entry[] {
  const container = containerOf(volume);
  return datasetsOf(beside).filter(({ name }) => /^\/aside-\d+$/.test(name.slice(container.length)));
}

/** Made by Tidemark, and no recovery point, nor part of one: what an attempt left that was cut off. */
export function isUnfinished({ entries, beside }: Where, snapshot: Entry): boolean {
  if (!MADE_BY_TIDEMARK.test(snapshot.own)) return false;
  return ![...entries, ...beside].some(
    ({ kind, own, local }) => kind === 'snapshot' && own === snapshot.own && local.has(POINT),
  );
}

/**
 * A stream brought this dataset, or one below it, with a state of the volume; others belong to somebody else. Told by
 * the snapshots that it has in common with the volume, or with what that replaced.
 */
export function isBrought(place: Where, dataset: string): boolean {
  const all = [...place.entries, ...place.beside];
  const isTop = (entry: Entry) => splitPart(place, entry.dataset)?.part === '';
  const frozen = all.filter(({ kind, own }) => kind === 'snapshot' && MADE_BY_TIDEMARK.test(own));
  const states = new Set(frozen.filter(isTop).map(({ own }) => own));
  const isBelow = (entry: Entry) => entry.dataset === dataset || entry.dataset.startsWith(`${dataset}/`);
  return frozen.some((entry) => isBelow(entry) && !isTop(entry) && states.has(entry.own));
}

/** Children of the replica that streams have brought and that are no part of a state. */
export function findGone(place: Where, parts: readonly string[]): Entry[] {
  const { entries, volume } = place;
  const wanted = new Set(parts.map((part) => `${volume.path}${part}`));
  return datasetsOf(entries).filter(({ name }) => !wanted.has(name) && isBrought(place, name));
}

/** The datasets that a recursive relationship carries, parents first. */
export function sourceParts({ entries }: Pick<Place, 'entries'>): string[] {
  const isData = ({ properties }: Entry) => ['filesystem', 'volume'].includes(properties['type'] ?? '');
  return datasetsOf(entries)
    .filter(isData)
    .map(({ name }) => name);
}
