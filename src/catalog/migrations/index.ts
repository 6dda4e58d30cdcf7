import type { Migration } from 'kysely/migration';
import { initial } from './0001-initial';
import { targetResults } from './0002-target-results';
import { leftOut } from './0003-left-out';
import { reachedBytes } from './0004-reached-bytes';
import { agents } from './0005-agents';
import { states } from './0006-states';
import { events } from './0007-events';
import { notices } from './0008-notices';

/**
 * Every migration by its name, in order. Named here rather than found in a folder, so that they are
 * there in a bundle too. A migration that was released is never changed: add another.
 */
export const MIGRATIONS: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-target-results': targetResults,
  '0003-left-out': leftOut,
  '0004-reached-bytes': reachedBytes,
  '0005-agents': agents,
  '0006-states': states,
  '0007-events': events,
  '0008-notices': notices,
};
