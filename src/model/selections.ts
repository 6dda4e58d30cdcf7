/** What selectors of a document have chosen, for whoever tells of it. Pure. */
import { placeOf, volumeOf, volumePath } from './endpoints';
import { formatSelector, isSelected } from './host-selector';
import type { Labels } from './labels';
import { AT_SOURCE } from './names';
import type { Instant } from './records';
import type { Relationship, TargetSpec } from './spec';

/** Which hosts a selector means now. */
export interface Selection {
  /** `region=eu,tier in (edge)` */
  selector: string;
  volume: string;
  /** Those that are targets by it, sorted. */
  hosts: string[];
}

/** Its target names hosts by their labels, and none itself. */
export const isSelecting = ({ host, hostSelector }: TargetSpec): boolean =>
  hostSelector !== undefined && host === AT_SOURCE;

/** Tells volumes of one host apart. */
export function volumeKey(target: TargetSpec): string {
  const { kind, path } = volumeOf(target);
  return `${kind}:${path}`;
}

const sameSelector = (one: TargetSpec, other: TargetSpec): boolean =>
  JSON.stringify(one.hostSelector) === JSON.stringify(other.hostSelector) &&
  volumeKey(one) === volumeKey(other);

/** Which hosts each selector of a document means now. */
export function selectionsOf({ spec: { targets, selecting = [] } }: Pick<Relationship, 'spec'>): Selection[] {
  return selecting.map((template) => ({
    selector: formatSelector(template.hostSelector ?? {}),
    volume: volumePath(template),
    hosts: targets.filter((target) => sameSelector(target, template)).map(({ host }) => host),
  }));
}

/** That a selector means nobody, and what helps. */
export const nobodyText = ({ selector }: Pick<Selection, 'selector'>): string =>
  `no agent has the labels ${selector}: the first that starts with them becomes a target by itself; tidemark hosts shows which labels there are`;

/** Of a relationship without any target; undefined where there is one. */
export function noTargetText(document: Pick<Relationship, 'spec'>): string | undefined {
  if (document.spec.targets.length > 0) return undefined;
  return selectionsOf(document).map(nobodyText).join('; ');
}

/** Whether what the agent of a host tells changes which hosts a document means; at times also where it does not. */
export function isConcerned(
  { spec: { source, targets, selecting = [] } }: Pick<Relationship, 'spec'>,
  host: string,
  labels: Labels | null,
): boolean {
  if (host === source.host) return false;
  return selecting.some((template) => {
    const isMeant = labels !== null && isSelected(template.hostSelector ?? {}, labels);
    const isTarget = targets.some((target) => target.host === host && sameSelector(target, template));
    return isMeant !== isTarget;
  });
}

/** What is worth knowing of the hosts that selectors mean. */
export interface SelectionNotes {
  /** Matched, and not taken: why. */
  conflicts: string[];
  /** Targets that are none any more. */
  leftOff: { place: string; at: Instant }[];
}

/** Notes what has become of targets by another look at the labels. `state` has the new document already. */
export function noteSelection(
  state: { document?: Relationship; selection?: SelectionNotes },
  old: Relationship,
  conflicts: string[],
  at: Instant,
): void {
  const now = new Set(state.document?.spec.targets.map(placeOf));
  const gone = old.spec.targets.map(placeOf).filter((place) => !now.has(place));
  const before = (state.selection?.leftOff ?? []).filter(({ place }) => !now.has(place));
  const leftOff = [
    ...before.filter(({ place }) => !gone.includes(place)),
    ...gone.map((place) => ({ place, at })),
  ];
  if (conflicts.length === 0 && leftOff.length === 0) delete state.selection;
  else state.selection = { conflicts, leftOff };
}

/** The same in words. */
export function selectionTexts(
  { conflicts, leftOff }: SelectionNotes = { conflicts: [], leftOff: [] },
): string[] {
  return [
    ...conflicts,
    ...leftOff.map(
      ({ place, at }) =>
        `${place} is no target any more since ${at.replace(/\.\d+Z$/, 'Z')}, when its labels no longer matched: what lies there stays, and is not kept fresh`,
    ),
  ];
}
