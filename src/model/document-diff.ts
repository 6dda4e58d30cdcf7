/** What differs between two documents of a relationship, in lines for people. Pure. */
import { targetName } from './endpoints';
import type { Relationship } from './spec';

const MOST_VALUE_LENGTH = 120;

type Leaves = Map<string, string>;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > MOST_VALUE_LENGTH ? `${text.slice(0, MOST_VALUE_LENGTH - 1)}…` : text;
}

/** Every value by its path. Lists of plain values are one value: what moved in them matters as a whole. */
function collect(value: unknown, path: string, leaves: Leaves): Leaves {
  const isPlainList =
    Array.isArray(value) && value.every((each) => typeof each !== 'object' || each === null);
  if (typeof value !== 'object' || value === null || isPlainList) {
    if (value !== undefined) leaves.set(path, show(value));
    return leaves;
  }
  const entries = Array.isArray(value)
    ? value.map((each: unknown, index): [string, unknown] => [`${path}[${index}]`, each])
    : Object.entries(value).map(([key, each]): [string, unknown] => [
        path === '' ? key : `${path}.${key}`,
        each,
      ]);
  for (const [key, each] of entries) collect(each, key, leaves);
  return leaves;
}

/** Targets by their names: one more in front moves none of the others. */
function leavesOf({ metadata, spec }: Relationship): Leaves {
  const { targets, ...rest } = spec;
  const leaves = collect({ metadata, spec: rest }, '', new Map());
  for (const target of targets) collect(target, `spec.targets[${targetName(target)}]`, leaves);
  return leaves;
}

/** A line for each value that was changed, added or removed, in the order of the new document. */
export function documentChanges(old: Relationship, wanted: Relationship): string[] {
  const [before, after] = [leavesOf(old), leavesOf(wanted)];
  const changed = [...after].flatMap(([path, value]) => {
    const former = before.get(path);
    if (former === value) return [];
    return [former === undefined ? `${path}: added ${value}` : `${path}: ${former} → ${value}`];
  });
  const removed = [...before].flatMap(([path, value]) =>
    after.has(path) ? [] : [`${path}: removed ${value}`],
  );
  return [...changed, ...removed];
}

/** The first of many lines, and how many more there are. */
export function atMost(lines: readonly string[], most: number): string[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more`];
}
