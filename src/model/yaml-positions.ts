/** Finds where in a YAML document a path of its data is written. Offsets are counted from the text's begin. */
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import type { SpecIssue, SpecPath } from './issues';

function keyText(key: unknown): string {
  return isScalar(key) ? String((key.value as string | number | boolean | null) ?? '') : String(key);
}

/** The node that an alias stands for; any other node itself. */
function resolve(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  return (node as Partial<Node> | null | undefined)?.range?.[0];
}

/** The key and the value at one step of a path. Of a key that stands there twice, the last counts. */
function step(node: unknown, part: string | number): { key?: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.findLast((item) => keyText(item.key) === String(part));
    return pair && { key: pair.key, value: pair.value };
  }
  if (isSeq(node) && typeof part === 'number') {
    const value: unknown = node.items[part];
    return value === undefined ? undefined : { value };
  }
  return undefined;
}

/** A value in a line of its own is pointed at; a mapping, a list or nothing by the key that holds it. */
function pointAt(found: { key?: unknown; value: unknown }, about: SpecIssue['about']): number | undefined {
  const isPlain = isScalar(found.value) ? found.value.source !== '' : isAlias(found.value);
  const isItem = found.key === undefined;
  return about === 'value' && (isPlain || isItem) ? startOf(found.value) : startOf(found.key ?? found.value);
}

/** Where an issue is to be shown: at its key or value, or at the nearest parent that is there. */
export function locate(document: Document, issue: Pick<SpecIssue, 'path' | 'about'>): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range?.[0] ?? 0;
  for (const [index, part] of issue.path.entries()) {
    const found = step(resolve(node, document), part);
    if (!found) return offset;
    const isLast = index === issue.path.length - 1;
    offset = pointAt(found, isLast ? issue.about : 'key') ?? offset;
    node = found.value;
  }
  return offset;
}

/** The path whose key is written at an offset; empty where there is none. */
export function pathOfKeyAt(document: Document, offset: number): SpecPath {
  let path: SpecPath = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      if (startOf(pair.key) !== offset) return undefined;
      path = [...ancestors, pair].flatMap((node, index, all) => pathPart(node, all[index + 1]));
      return visit.BREAK;
    },
  });
  return path;
}

function pathPart(node: unknown, next: unknown): (string | number)[] {
  if (isPair(node)) return [keyText(node.key)];
  return isSeq(node) && isCollection(next) ? [node.items.indexOf(next)] : [];
}
