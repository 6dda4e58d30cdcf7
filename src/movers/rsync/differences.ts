/** Differences between a recovery point and the source's copy, from rsync's items. Pure. */
import { isDeletion, type Item } from './output';

/** What each letter of an item says that differs. */
const WHAT: Record<string, string> = {
  c: 'content',
  s: 'size',
  t: 'time',
  T: 'time',
  p: 'permissions',
  o: 'owner',
  g: 'group',
  a: 'acl',
  x: 'xattr',
};

/** The target has nothing by this name. */
export const isMissing = (item: Item): boolean => !isDeletion(item) && item.code.includes('+++');

/** What differs, in the words of {@link Difference.what}. */
export function explainItem(item: Item): string[] {
  if (isDeletion(item)) return ['extra'];
  if (isMissing(item)) return ['missing'];
  const letters = [...item.code.slice(2)].map((letter) => WHAT[letter]).filter((what) => what !== undefined);
  // A name of a multiply linked file that is not linked at the target.
  if (item.code.startsWith('h')) letters.unshift('link');
  return [...new Set(letters)];
}

/** The bytes of a name that rsync printed: `\#012` stands for the byte with that octal number. */
export function unescapeName(name: string): Buffer {
  const parts: Buffer[] = [];
  let done = 0;
  for (const match of name.matchAll(/\\#([0-3][0-7]{2})/g)) {
    parts.push(
      Buffer.from(name.slice(done, match.index)),
      Buffer.from([Number.parseInt(match[1] ?? '0', 8)]),
    );
    done = match.index + match[0].length;
  }
  return Buffer.concat([...parts, Buffer.from(name.slice(done))]);
}

/** The path in the volume without the slash that rsync puts after a folder; the volume itself is `.`. */
export function pathOfItem(item: Item): string {
  return item.name.replace(/\/$/, '') || '.';
}
