/** Where the recovery points are that somebody wants to look into. Pure. */
import { missingTarget, targetName, volumeOf } from './endpoints';
import { declarationOf } from './kinds';
import { sourceName } from './orientation';
import { type Objection, placesOf, type SharedStore } from './others';
import type { Relationship } from './spec';

/** @param wanted a target, or the primary, which may hold points too; by default the first target */
export function findHolder(document: Relationship, wanted: string | undefined): SharedStore | Objection {
  const { source, targets } = document.spec;
  const named = [
    ...targets.map((target) => ({ name: targetName(target), endpoint: target })),
    { name: sourceName(document), endpoint: source },
  ];
  const holder = wanted === undefined ? named[0] : named.find(({ name }) => name === wanted);
  if (holder) {
    const { name: target, endpoint } = holder;
    const isStore = declarationOf(volumeOf(endpoint).kind).isAtSource === true;
    return { target, places: placesOf(document, endpoint, isStore ? undefined : endpoint.host) };
  }
  const names = named.map(({ name }) => name);
  const { message, hint } = missingTarget(document.metadata.name, wanted ?? '', names);
  return { problem: message, hint };
}
