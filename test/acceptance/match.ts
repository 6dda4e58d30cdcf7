/** Whether an object of a cluster has what a partial one says. Pure. */

/** `/…/`: a text that looks like this. */
const PATTERN = /^\/(.*)\/$/s;

const show = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));

function matchText(expected: string, found: unknown, path: string): string[] {
  const [, pattern] = PATTERN.exec(expected) ?? [];
  const said = typeof found === 'string' ? found : show(found);
  const looksAlike = pattern !== undefined && found !== undefined && new RegExp(pattern, 's').test(said);
  const isEqual = pattern === undefined ? found === expected : looksAlike;
  return isEqual ? [] : [`${path} is ${show(found)}, not ${expected}`];
}

/** Each that is expected is like one of those that are there; in whatever order, and there may be more. */
function matchList(expected: readonly unknown[], found: unknown, path: string): string[] {
  if (!Array.isArray(found)) return [`${path} is ${show(found)}, and no list`];
  return expected.flatMap((each, index) => {
    const differences = found.map((one: unknown) => match(each, one, `${path}[${index}]`));
    const [nearest = [`${path}[${index}] is not there`]] = differences.toSorted(
      (one, other) => one.length - other.length,
    );
    return nearest;
  });
}

/**
 * What is not as expected. Of an object, the fields that are named have to match; `null` is a field that is not there; a list has
 * something like each of the items; a text in slashes is a pattern.
 */
export function match(expected: unknown, found: unknown, path = ''): string[] {
  if (expected === null) return found === undefined || found === null ? [] : [`${path} is ${show(found)}`];
  if (typeof expected === 'string') return matchText(expected, found, path);
  if (Array.isArray(expected)) return matchList(expected, found, path);
  if (typeof expected === 'object') {
    if (typeof found !== 'object' || found === null) return [`${path} is ${show(found)}`];
    return Object.entries(expected).flatMap(([key, value]) =>
      match(value, (found as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`),
    );
  }
  return found === expected ? [] : [`${path} is ${show(found)}, not ${show(expected)}`];
}
