/** What somebody else has left in the status of a resource: an operator that served it before. Pure. */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A JSON merge patch by which the status is what we say; undefined where it is that already.
 * @param whole the status as it stands once ours was applied
 */
export function findForeign(whole: object, ours: object): object | undefined {
  const wanted = new Map(Object.entries(ours));
  const changes = Object.entries(whole).flatMap(
    ([field, value]: [string, unknown]): (readonly [string, unknown])[] => {
      const own: unknown = wanted.get(field);
      if (own === undefined) return [[field, null]];
      if (isObject(value) && isObject(own)) {
        const below = findForeign(value, own);
        return below ? [[field, below]] : [];
      }
      // Lists, such as the conditions, are merged by the server: what we do not name stays.
      const isLonger = Array.isArray(value) && Array.isArray(own) && value.length > own.length;
      return isLonger ? [[field, own]] : [];
    },
  );
  return changes.length > 0 ? Object.fromEntries(changes) : undefined;
}
