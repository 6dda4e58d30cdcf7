import { isOwnStore } from '../../model/kinds';
import type { Point, Volume } from '../../model/records';
import type { TransferId } from '../../movers/contract';
import type { AgentContext } from './context';
import { landingsSincePublish } from './landed';

/**
 * Whether the only copy that a target keeps was written to since it was that point, by a transfer that has not ended well:
 * what lies there may be of two states.
 */
export async function isTorn(
  { host, volumes }: Pick<AgentContext, 'host' | 'volumes'>,
  { volume, id, point }: { volume: Volume; id: TransferId; point: Pick<Point, 'method'> | undefined },
): Promise<boolean> {
  if (point?.method !== 'Direct') return false;
  // A store notes itself what was begun; elsewhere, whoever was let in may have written.
  const wasOpen = !isOwnStore(volume.kind) && (await landingsSincePublish(host, id)) > 0;
  return wasOpen || (await volumes.driverFor(volume).isChanged(host, volume, id.relationship));
}
