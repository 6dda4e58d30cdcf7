/** What others wrote to a replica, of what a look at it has found. Pure. */
import type { Written } from '../../model/records';
import { type Look, TICK_SECONDS } from '../../trees/fingerprint';
import type { WalkEntry } from '../../trees/walk';
import type { WriteWindow } from '../contract';

/** A file without bytes has no content that could differ. */
export const hasContent = ({ type, size }: WalkEntry): boolean => type === 'f' && size > 0;

/**
 * While a landing is open, the mover is trusted to be the one that writes, and gives a file its time only once it
 * holds the source's content. So a big transfer that was cut off is not read again. One whose end nobody noted may
 * have ended long ago: what changed since is compared.
 */
function wasLanded({ ctime }: WalkEntry, landings: readonly WriteWindow[]): boolean {
  const changed = Number(ctime);
  return landings.some(
    ({ openedAt, closedAt }) =>
      closedAt !== undefined && changed > openedAt + TICK_SECONDS && changed < closedAt - TICK_SECONDS,
  );
}

/** What a transfer has to compare by content. @param look undefined where nothing was kept that could tell */
export function listWrittenBy(look: Look | undefined, landings: readonly WriteWindow[]): Written {
  if (!look) return { files: [], hasNoNewNames: false };
  const files = look.changed
    .filter(({ entry }) => hasContent(entry) && !wasLanded(entry, landings))
    .map(({ entry }) => entry.path);
  return { files, hasNoNewNames: look.isWhole && look.changed.every(({ how }) => how !== 'new') };
}

/** Whether anything was written but by landings. */
export function wasWrittenBy(look: Look | undefined, landings: readonly WriteWindow[]): boolean {
  // What is gone has no time of its own that would tell who removed it; its folder has.
  return look?.changed.some(({ entry }) => !wasLanded(entry, landings)) ?? false;
}
