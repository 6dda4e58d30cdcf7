/** A key that both ends of a tunnel share, as stunnel reads it. Pure. */

/** The file, or the field of a Secret. */
export const SHARED_KEY = 'psk.txt';
const LEAST_BYTES = 16;

const isHex = (key: string): boolean => /^([0-9a-f]{2})+$/i.test(key);
const bytesOf = (key: string): number => (isHex(key) ? key.length / 2 : Buffer.byteLength(key));

/** What is there, each a line of `IDENTITY:KEY`, without what stunnel would stumble over. */
export const cleanSharedKey = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');

/** Why stunnel would not take it; undefined where it does. Nothing of the key itself is told. */
export function objectToSharedKey(text: string): string | undefined {
  const lines = cleanSharedKey(text).split('\n').slice(0, -1);
  if (lines.length === 0) return 'is empty';
  const keys = lines.map((line) => /^[^:]+:(.+)$/.exec(line)?.[1]);
  if (keys.includes(undefined)) return 'has a line that is not IDENTITY:KEY';
  return keys.some((key = '') => bytesOf(key) < LEAST_BYTES)
    ? `has a key of less than ${LEAST_BYTES} bytes, which are ${2 * LEAST_BYTES} hexadecimal digits`
    : undefined;
}
