/** What is sent of one state, one subvolume after the other. */
import { basename, dirname, join } from 'node:path';
import type { Host } from '../../../hosts/contract';
import type { StreamPlan } from '../../../model/plan-stream';
import { placeOfPart, ROOT_PART } from '../folders';
import { findRelatives, listSubvolumes, type Subvolume } from '../../directory/subvolumes/subvolumes';
import type { Capture } from '../../../model/capture';
import { findPlace } from '../../directory/place';

/** One subvolume, and where its stream starts from. */
export interface SentPart {
  path: string;
  base?: string;
}

/** A subvolume of a tree, by its place in that: `''` for the outermost. */
export interface TreePart {
  path: string;
  place: string;
}

export interface PartsPlan {
  /** In the order in which they are sent: the outermost last. Once it has arrived, everything has. */
  parts: SentPart[];
  /**
   * All of the base, each where it stands by now, or else stood; left out where the capture has the same subvolumes
   * at the same places.
   */
  former?: TreePart[];
}

/** Where the subvolumes of a state are kept one by one, the outermost last. */
async function listParts(host: Host, folder: string): Promise<string[]> {
  const names = (await host.files.list(folder)).filter((name) => placeOfPart(name) !== undefined);
  return [...names.filter((name) => name !== ROOT_PART), ...names.filter((name) => name === ROOT_PART)];
}

/**
 * The former state of an inner subvolume: of the same one, wherever it was by then. Another one of its name has
 * numbers of files that mean something else.
 */
export function findFormer(
  subvolumes: readonly Subvolume[],
  path: string,
  former: readonly string[],
): string | undefined {
  const state = subvolumes.find((each) => each.path === path);
  if (!state) return undefined;
  const related = new Set(findRelatives(subvolumes, state.uuid).map((each) => each.path));
  const candidates = former.filter((each) => related.has(each));
  const parentOf = (each: string) => subvolumes.find((one) => one.path === each)?.parentUuid;
  return (
    candidates.find((each) => state.parentUuid !== undefined && parentOf(each) === state.parentUuid) ??
    candidates.find((each) => basename(each) === basename(path)) ??
    candidates[0]
  );
}

/** An inner subvolume starts from its own former state, where there is one beside the base. */
export async function planParts(
  host: Host,
  capture: Pick<Capture, 'path' | 'syncId'>,
  base: StreamPlan['base'],
): Promise<PartsPlan> {
  const folder = join(dirname(dirname(capture.path)), 'parts', basename(capture.path));
  const names = await listParts(host, folder);
  const root = base && { base: base.sourceName };
  const before = base ? dirname(base.sourceName) : undefined;
  const isInParts = before !== undefined && basename(dirname(before)) === 'parts';
  const formerNames = isInParts ? await listParts(host, before) : base ? [ROOT_PART] : [];
  const formerPaths = formerNames.map((name) =>
    isInParts ? join(before, name) : (base?.sourceName ?? name),
  );
  const wanted = names.length === 0 ? [ROOT_PART] : names;
  const isAlike = !base || [...wanted].sort().join() === [...formerNames].sort().join();
  const inner = formerPaths.filter((path) => path !== base?.sourceName);
  const isLookedFor = inner.length > 0 && names.length > 1;
  const place = isLookedFor && (await findPlace(host, { kind: 'btrfs', path: capture.path }));
  const subvolumes = place ? await listSubvolumes(place) : [];
  const parts = wanted.map((name): SentPart => {
    if (names.length === 0) return { path: capture.path, ...root };
    const path = join(folder, name);
    if (name === ROOT_PART) return { path, ...root };
    const found = findFormer(subvolumes, path, inner);
    return { path, ...(found !== undefined && { base: found }) };
  });
  if (isAlike && parts.every((part) => isInPlace(part, base))) return { parts };
  // What only has another name by now is not gone.
  const placeNow = new Map(parts.map(({ path, base: from }) => [from, placeOfPart(basename(path))]));
  const former = formerNames.map((name, index) => {
    const path = formerPaths[index] ?? '';
    return { path, place: placeNow.get(path) ?? placeOfPart(name) ?? '' };
  });
  return { parts, former };
}

/** It starts from what stood at the same place. */
function isInPlace({ path, base: from }: SentPart, base: StreamPlan['base']): boolean {
  return from === undefined || from === base?.sourceName || basename(from) === basename(path);
}
