/** Patterns of restic, which it compares with whole paths. Pure. */
import type { Snapshot } from './stamp';

/** A pattern that means this path and no other. */
export const literal = (path: string): string => path.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);

/** `!` before a pattern takes back what others leave out. */
const split = (pattern: string): [not: string, what: string] =>
  pattern.startsWith('!') ? ['!', pattern.slice(1)] : ['', pattern];

/**
 * What a user's pattern means of a source that lies here this time: from its root with a slash before it, anywhere in it
 * without. Left as it is, the latter would mean the folders on the way to the source too, and with them all of it.
 */
export function patternBelow(root: string, pattern: string): string {
  const [not, what] = split(pattern);
  return `${not}${literal(root)}${what.startsWith('/') ? '' : '/**/'}${what}`;
}

/** What was left out of a snapshot, as patterns for a tree that lies somewhere else. */
export function movedExcludes({ paths, excludes }: Snapshot, root: string): string[] {
  const from = literal(paths[0] ?? '');
  return excludes.map((pattern) => {
    const [not, what] = split(pattern);
    return what.startsWith(`${from}/`) ? `${not}${literal(root)}${what.slice(from.length)}` : pattern;
  });
}
