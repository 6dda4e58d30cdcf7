/** A state of images: names and what they point to. Pure. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ImageSpec } from '../../model/spec';
import { HEX, isName, isOurs } from './names';

const digest = z.string().regex(HEX);

/** A frozen state: what capture writes, what goes to the target, what a point keeps. */
export const ImageSetSchema = z.object({
  engine: z.enum(['podman', 'docker', 'containerd']),
  /** The images' identities, by name; 64 hexadecimal digits. */
  names: z.record(z.string().refine(isName), digest),
  /** All images, those too that have no name. Layers from the lowest; of containerd all blobs of the image. */
  images: z.record(digest, z.object({ layers: z.array(digest), bytes: z.number() })),
});

export type ImageSet = z.output<typeof ImageSetSchema>;

/** An image as an engine has it. */
export interface EngineImage {
  /** 64 hexadecimal digits. */
  id: string;
  names: string[];
  /** By the digests of its manifests, `nginx@sha256:…`, where an engine tells them apart: no names that can be set. */
  digestNames?: string[];
  layers: string[];
  /** With all its layers. */
  bytes: number;
  /** Of one for several platforms, how many of these are not here. */
  lacking?: number;
}

/** Proves two states equal: the names and the images, whatever engine holds them. */
export function identityOf({ names, images }: Pick<ImageSet, 'names' | 'images'>): string {
  const sorted = Object.entries(names).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([sorted, Object.keys(images).sort()]))
    .digest('hex');
}

/** `*` stands for any text, `?` for one character; the name may leave out its registry, or its tag. */
export function matchesPattern(pattern: string, name: string): boolean {
  const text = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const wanted = new RegExp(`^${text}$`);
  const withoutTag = name.replace(/(@sha256:[0-9a-f]{64}|:[^:/]*)$/, '');
  const short = [name, withoutTag].flatMap((each) => [
    each,
    each.replace(/^docker\.io\//, ''),
    each.replace(/^docker\.io\/library\//, ''),
    each.replace(/^localhost\//, ''),
  ]);
  return short.some((each) => wanted.test(each));
}

/** The names, and images without one, that a spec asks for. Without any wish: all that have a name. */
export function selectImages(
  images: readonly EngineImage[],
  { names, used }: ImageSpec,
  usedIds: ReadonlySet<string>,
): Pick<ImageSet, 'names' | 'images'> {
  const isAll = names.length === 0 && !used;
  const isWanted = (name: string, id: string) =>
    isAll || names.some((pattern) => matchesPattern(pattern, name)) || (used && usedIds.has(id));
  const chosen: Pick<ImageSet, 'names' | 'images'> = { names: {}, images: {} };
  for (const { id, names: own, digestNames = [], layers, bytes } of images) {
    // Pulled by its digest, it has no other name.
    const isCalled = own.every(isOurs) && digestNames.some((name) => !isOurs(name) && isWanted(name, id));
    const wanted = own.filter((name) => !isOurs(name) && isName(name) && isWanted(name, id));
    for (const name of wanted) chosen.names[name] = id;
    if (wanted.length > 0 || isCalled || (used && usedIds.has(id))) chosen.images[id] = { layers, bytes };
  }
  return chosen;
}

/** What a spec asks for and is not carried, or not all of it, each with the reason. */
export function findNotCarried(
  images: readonly EngineImage[],
  lists: readonly string[],
  selection: ImageSpec,
  chosen: Pick<ImageSet, 'images'>,
): string[] {
  const { names, used } = selection;
  const isAll = names.length === 0 && !used;
  const isAsked = (name: string) => isAll || names.some((pattern) => matchesPattern(pattern, name));
  const partial = images.flatMap(({ id, names: own, lacking = 0 }) =>
    lacking > 0 && chosen.images[id]
      ? [`${own.find((name) => !isOurs(name)) ?? id} (${lacking} of its platforms are not there)`]
      : [],
  );
  return [
    ...findUnfitting(images, lists, selection).map((pattern) => `${pattern} (no image fits)`),
    ...lists.filter((name) => !isOurs(name) && isAsked(name)).map((name) => `${name} (a manifest list)`),
    ...partial,
  ];
}

/** The patterns that no image fits. */
export function findUnfitting(
  images: readonly EngineImage[],
  lists: readonly string[],
  { names }: ImageSpec,
): string[] {
  const all = [...lists, ...images.flatMap((image) => [...image.names, ...(image.digestNames ?? [])])];
  const known = all.filter((name) => !isOurs(name));
  return names.filter((pattern) => !known.some((name) => matchesPattern(pattern, name)));
}

/** Which image each name stands for; Tidemark's own names are left out. */
export function indexNames(images: readonly EngineImage[]): Map<string, string> {
  return new Map(
    images.flatMap(({ id, names }) =>
      names.filter((name) => !isOurs(name)).map((name) => [name, id] as const),
    ),
  );
}

/**
 * Bytes of images together, a lower layer that several share counted once where one of them is all of it.
 * Engines tell the size of images, not of layers: otherwise it counts twice.
 */
export function sumBytes(images: Iterable<{ layers: readonly string[]; bytes: number }>): number {
  const byChain = new Map<string, number>();
  let sum = 0;
  for (const { layers, bytes } of [...images].sort((one, other) => one.layers.length - other.layers.length)) {
    const chains = layers.map((_, index) => layers.slice(0, index + 1).join());
    const chain = chains.at(-1) ?? '';
    if (layers.length > 0 && byChain.has(chain)) continue;
    const below = chains.findLast((each) => byChain.has(each));
    sum += Math.max(0, bytes - (byChain.get(below ?? '') ?? 0));
    byChain.set(chain, bytes);
  }
  return sum;
}

/** What a store's names are to become. */
export interface Moves {
  /** Names to set, and to what. */
  set: [name: string, id: string][];
  /** Names that the new state no longer has and that are still as they were made. */
  drop: string[];
  /** Names that somebody else moved since, and the images that they stand for now: to be kept before. */
  foreign: [name: string, id: string][];
}

/**
 * From what is there to a new state. A name that was made here and that somebody moved is set to the new
 * state, and told; one that the new state no longer has stays as somebody has set it.
 * @param made what each name may have been set to by Tidemark
 */
export function planMoves(
  now: ReadonlyMap<string, string>,
  wanted: Readonly<Record<string, string>>,
  made: readonly Readonly<Record<string, string>>[],
): Moves {
  const isMade = (name: string, id: string) => made.some((names) => names[name] === id);
  const moves: Moves = { set: [], drop: [], foreign: [] };
  for (const [name, id] of Object.entries(wanted)) {
    const current = now.get(name);
    if (current === id) continue;
    if (current !== undefined && !isMade(name, current)) moves.foreign.push([name, current]);
    moves.set.push([name, id]);
  }
  for (const name of new Set(made.flatMap((names) => Object.keys(names)))) {
    const current = now.get(name);
    if (wanted[name] === undefined && current !== undefined && isMade(name, current)) moves.drop.push(name);
  }
  return moves;
}
