import type { Landing } from '../../../src/landings/contract';
import type { Opened } from '../../../src/movers/contract';

/** What was opened, with another landing in its place. */
export function withLanding(opened: Opened, change?: (landing: Landing) => Landing): Opened {
  const { door } = opened;
  if (!change || door.how !== 'ssh') return opened;
  return { ...opened, door: { how: 'ssh', landing: change(door.landing) } };
}
