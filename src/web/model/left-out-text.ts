/** What a copy does not hold, in a few words. Pure. */
import type { LeftOut } from '../../model/left-out';

/** `3 socket, 1 mount`; a dash where all is there. */
export function leftOutText(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ reason, count }) => `${count} ${reason}`).join(', ') || '–';
}
