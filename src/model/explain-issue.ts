/** Turns what the schema found into words for the person who wrote the document. */
import type { z } from 'zod';
import type { SpecIssue, SpecPath } from './issues';
import { type Keys, SPEC_KEYS } from './json-schema';
import { VOLUME_KINDS } from './kinds';
import { suggest } from './suggest';

type ZodIssue = z.core.$ZodIssue;

/** What is expected, by the title or type that the JSON Schema gives. */
const EXPECTED: Record<string, string> = {
  duration: 'a duration such as 90s, 15m, 1h30m or 7d',
  percentage: 'a percentage such as 50%',
  size: 'a size such as 512KiB, 20MiB or 1.5GiB',
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
};

/** What a value is, in the words of YAML; long text is cut. */
function nameValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueAt(document: unknown, path: SpecPath): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Only these places name a volume, or a mover, by a key. */
function explainUnknownKind(
  { knownKeys }: Keys,
  parent: SpecPath,
  siblings: object,
  found: string | undefined,
): string | undefined {
  const isEndpoint = VOLUME_KINDS.every((kind) => knownKeys(parent).includes(kind));
  const namesVolume = VOLUME_KINDS.some((kind) => Object.hasOwn(siblings, kind));
  if (isEndpoint && !namesVolume && !found) return `unknown volume kind; there is ${VOLUME_KINDS.join(', ')}`;
  const isMover = parent.length === 2 && parent[1] === 'mover';
  return isMover ? `unknown mover; there is ${knownKeys(parent).join(', ')}` : undefined;
}

function explainUnknownKey(document: unknown, parent: SpecPath, key: string, keys: Keys): SpecIssue {
  const value = valueAt(document, parent);
  const near = suggest(key, keys.knownKeys(parent));
  const elsewhere = keys.findKey(key);
  // A key in the wrong place is likelier than one that happens to look alike.
  const suggestion = elsewhere.length === 1 ? elsewhere[0] : near;
  const kind = explainUnknownKind(keys, parent, typeof value === 'object' && value ? value : {}, suggestion);
  return {
    path: [...parent, key],
    message: kind ?? 'unknown key',
    ...(suggestion !== undefined && { suggestion }),
    about: 'key',
  };
}

function explainChoice(
  values: readonly unknown[],
  value: unknown,
): Pick<SpecIssue, 'message' | 'suggestion'> {
  const choices = values.map(String);
  const suggestion = typeof value === 'string' ? suggest(value, choices) : undefined;
  const one = choices.length === 1 ? 'must be' : 'must be one of';
  return {
    message: `${one} ${choices.join(', ')}, not ${nameValue(value)}`,
    ...(suggestion !== undefined && { suggestion }),
  };
}

function explainType(path: SpecPath, value: unknown, { schemaAt }: Keys): string {
  if (value === null) return 'is empty: give it a value, or leave the key out';
  const schema = schemaAt(path);
  const wanted = EXPECTED[schema?.title ?? ''] ?? EXPECTED[String(schema?.type)] ?? 'something else';
  const quotes = wanted === 'text' && typeof value !== 'object' ? '; put it in quotes' : '';
  return `must be ${wanted}, not ${nameValue(value)}${quotes}`;
}

function explainBound(issue: ZodIssue): string {
  if (issue.code === 'too_small' && issue.origin === 'array')
    return `must have at least ${issue.minimum} entry`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  return issue.code === 'too_big' ? `must be at most ${issue.maximum}` : issue.message;
}

function explainValue(
  issue: ZodIssue,
  path: SpecPath,
  value: unknown,
  keys: Keys,
): Pick<SpecIssue, 'message' | 'suggestion'> {
  if (issue.code === 'invalid_type' || value === null) return { message: explainType(path, value, keys) };
  if (issue.code === 'invalid_value') return explainChoice(issue.values, value);
  const message = explainBound(issue);
  return {
    message:
      message.startsWith('must be ') && typeof value === 'string'
        ? `${message}, not ${nameValue(value)}`
        : message,
  };
}

/**
 * One finding of the schema, as the issues that it stands for.
 * @param keys of the schema; by default that of relationships
 */
export function explainIssue(document: unknown, issue: ZodIssue, keys: Keys = SPEC_KEYS): SpecIssue[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => explainUnknownKey(document, path, key, keys));
  }
  const value = valueAt(document, path);
  if (value === undefined) {
    const only = issue.code === 'invalid_value' ? `: ${issue.values.join(', ')}` : '';
    return [{ path, message: `is missing${only}`, about: 'missing' }];
  }
  return [{ path, ...explainValue(issue, path, value, keys), about: value === null ? 'missing' : 'value' }];
}

/**
 * Leaves out that a key is missing where a mistaken one beside it was probably meant to be it; and that one is unknown where it
 * is told why.
 */
export function dropExplained(issues: readonly SpecIssue[]): SpecIssue[] {
  const isParent = (parent: SpecPath, path: SpecPath) =>
    parent.length === path.length - 1 && parent.every((part, index) => part === path[index]);
  const isTold = (path: SpecPath) =>
    issues.some((other) => other.about === 'value' && JSON.stringify(other.path) === JSON.stringify(path));
  return issues.filter((issue) => {
    if (issue.about === 'key') return !isTold(issue.path);
    if (issue.about !== 'missing') return true;
    const key = issue.path.at(-1);
    return !issues.some(
      (other) =>
        other.about === 'key' &&
        isParent(other.path.slice(0, -1), issue.path) &&
        (other.suggestion === key ||
          (other.message.startsWith('unknown volume kind') && VOLUME_KINDS.some((kind) => kind === key))),
    );
  });
}
