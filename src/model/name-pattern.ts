/** Patterns for names of files. Pure. */

/** Whether items fit a pattern, of whose parts one kind stands for any number of items. In at most one try for each pair. */
function fitsSequence<P, T>(
  pattern: readonly P[],
  items: readonly T[],
  isAny: (part: P) => boolean,
  fits: (part: P, item: T) => boolean,
): boolean {
  let [at, item] = [0, 0];
  // Where the last one stands, and what it has taken so far.
  let [any, taken] = [-1, 0];
  while (item < items.length) {
    const part = pattern[at];
    if (part !== undefined && isAny(part)) {
      [any, taken] = [at, item];
      at++;
    } else if (part !== undefined && fits(part, items[item] as T)) {
      at++;
      item++;
    } else if (any >= 0) {
      at = any + 1;
      item = ++taken;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every(isAny);
}

const fitsName = (pattern: readonly string[], name: string): boolean =>
  fitsSequence(
    pattern,
    [...name],
    (part) => part === '*',
    (part, char) => part === '?' || part === char,
  );

/**
 * `*` stands for any text and `?` for one character of a name. With a slash in it, a pattern is about the whole path, and `**`
 * stands for any folders; without, about the name alone, wherever it lies.
 */
export function makeNameMatcher(pattern: string): (path: string) => boolean {
  const parts = pattern.split('/').filter((part) => part !== '');
  const names = parts.map((part) => [...part]);
  if (!pattern.includes('/')) {
    const [name = []] = names;
    return (path) => fitsName(name, path.slice(path.lastIndexOf('/') + 1));
  }
  const isAnyFolders = (part: readonly string[]) => part.join('') === '**';
  return (path) => fitsSequence(names, path.split('/'), isAnyFolders, fitsName);
}
