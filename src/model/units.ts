/** Durations (`90s`, `15m`, `1h30m`, `7d`) and sizes (`20MiB`), as users write them. */

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

export const DURATION = /^(?:\d+(?:ms|s|m|h|d|w))+$/;
export const SIZE = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/;

/** A hundred years: anything longer is a slip, and would leave the range of dates. */
const MAX_DURATION_MS = 36_525 * MS.d;

function sumDuration(text: string): number {
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d|w)/g)) {
    ms += Number(count) * MS[unit as keyof typeof MS];
  }
  return ms;
}

export function isDuration(text: string): boolean {
  return DURATION.test(text) && sumDuration(text) <= MAX_DURATION_MS;
}

export function isSize(text: string): boolean {
  const match = SIZE.exec(text);
  return (
    match !== null && Number(match[1]) * BYTES[match[2] as keyof typeof BYTES] <= Number.MAX_SAFE_INTEGER
  );
}

/** Milliseconds of a duration. @throws RangeError where it is none. */
export function durationToMs(text: string): number {
  if (!isDuration(text)) throw new RangeError(`not a duration: ${text} (like 90s, 15m, 1h30m, 7d)`);
  return sumDuration(text);
}

/** Bytes of a size. @throws RangeError where it is none. */
export function sizeToBytes(text: string): number {
  const match = isSize(text) && SIZE.exec(text);
  if (!match) throw new RangeError(`not a size: ${text} (like 512KiB, 20MiB, 1.5GiB)`);
  return Math.round(Number(match[1]) * BYTES[match[2] as keyof typeof BYTES]);
}

/** A duration for people, two units at most: `1h 30m`, `12s`, `340ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}s`;
  let rest = Math.round(ms / 1000);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    if (rest >= seconds && parts.length < 2) parts.push(`${Math.floor(rest / seconds)}${unit}`);
    else if (parts.length > 0) break;
    rest %= seconds;
  }
  return parts.join(' ');
}

/** A size for people, three digits: `384 MiB`, `1.02 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `1 image`, `3 images`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Of a tree. */
export function formatEntries(count: number): string {
  return formatCount(count, 'entry', 'entries');
}
