/** Which endpoint is the primary, and what the spec reads like from there. Pure. */
import { isAtSource, targetName, volumeKeys, volumePath } from './endpoints';
import type { Relationship, SourceSpec, TargetSpec } from './spec';

/** What the spec's source is called where it is a target: its host, or like it where a target has that name. */
export function sourceName({ spec }: Relationship): string {
  const taken = spec.targets.map(targetName);
  const { host } = spec.source;
  let name = host;
  for (let count = 1; taken.includes(name); count++) name = `${host}-source${count > 1 ? `-${count}` : ''}`;
  return name;
}

function toSource(target: TargetSpec, { pinLimit }: SourceSpec): SourceSpec {
  const { host, copyMethod } = target;
  const canFreeze = copyMethod === 'Snapshot' || copyMethod === 'Clone' || copyMethod === 'Direct';
  return {
    host,
    ...volumeKeys(target),
    copyMethod: canFreeze ? copyMethod : 'Auto',
    ...(pinLimit && { pinLimit }),
  };
}

/** What goes with the place among the targets, not with the host, is taken over from who was there. */
function toTarget(
  source: SourceSpec,
  name: string,
  { class: targetClass, schedule, rpo, retain }: TargetSpec,
): TargetSpec {
  const { host, copyMethod } = source;
  return {
    host,
    ...volumeKeys(source),
    name,
    copyMethod: copyMethod === 'Snapshot' || copyMethod === 'Clone' ? copyMethod : 'Auto',
    class: targetClass,
    ...(schedule !== undefined && { schedule }),
    ...(rpo !== undefined && { rpo }),
    ...(retain && { retain }),
  };
}

/**
 * The document as it holds while `primary`, the name of one of its targets, is where the data is written:
 * that target is the source, and the spec's source takes its place among the targets.
 * @returns the document itself where there is no such target, or `primary` is undefined.
 */
export function orient(document: Relationship, primary: string | undefined): Relationship {
  const chosen = document.spec.targets.find((target) => targetName(target) === primary);
  if (!chosen) return document;
  const { source, targets } = document.spec;
  const former = toTarget(source, sourceName(document), chosen);
  // Whoever is the source writes to what has no host of its own.
  const place = (target: TargetSpec) => (isAtSource(target) ? { ...target, host: chosen.host } : target);
  return {
    ...document,
    spec: {
      ...document.spec,
      source: toSource(chosen, source),
      targets: targets.map((target) => (target === chosen ? former : place(target))),
    },
  };
}

type Place = Pick<SourceSpec, 'host'> & Parameters<typeof volumePath>[0];

/** Whether two endpoints are one volume, whatever each is called. */
export function isSamePlace(one: Place, other: Place): boolean {
  return one.host === other.host && volumePath(one) === volumePath(other);
}

/**
 * What stands for the present primary, a volume, in a document: `primary` is its name among the targets, or undefined
 * where it is the source. Undefined: it is neither.
 */
export function findPrimary(
  document: Relationship,
  present: Place,
): { primary: string | undefined } | undefined {
  if (isSamePlace(document.spec.source, present)) return { primary: undefined };
  const target = document.spec.targets.find((each) => isSamePlace(each, present));
  return target && { primary: targetName(target) };
}

/** What `primary` is to be once a target of the oriented document is promoted; undefined for the spec's source. */
export function primaryAfter(document: Relationship, promoted: string): string | undefined {
  return document.spec.targets.some((target) => targetName(target) === promoted) ? promoted : undefined;
}

/** What the present source is called, as a target of the document that is oriented away from it. */
export function primaryName(document: Relationship, primary: string | undefined): string {
  return primary ?? sourceName(document);
}
