/** One look for all who ask for the same at the same moment, as the parts of a preflight do. */
import type { Host } from '../../hosts/contract';

/**
 * Makes a look that is shared: it begins once everybody of this turn of the event loop has asked, so each sees
 * whatever was there when they asked, or later. The answer must not be changed by any of them.
 */
export function shareLook<T>(): (host: Host, key: string, look: () => Promise<T>) => Promise<T> {
  const asked = new WeakMap<Host, Map<string, Promise<T>>>();
  return (host, key, look) => {
    const looks = asked.get(host) ?? new Map<string, Promise<T>>();
    asked.set(host, looks);
    const found = looks.get(key);
    if (found) return found;
    const begun = new Promise<void>((begin) => setImmediate(begin)).then(() => {
      looks.delete(key);
      return look();
    });
    looks.set(key, begun);
    return begun;
  };
}
