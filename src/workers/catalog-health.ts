import type { RelationshipEntry } from '../catalog/contract';
import { assess } from '../model/health';
import type { RelationshipHealth } from '../model/health';
import type { Vanished } from '../model/vanished';

/**
 * How a relationship is, as far as the catalog knows: not whether it is paused, or waits for somebody.
 * @param vanished set where its workflow has ended without being deleted
 */
export function healthOf(
  { document, targets }: RelationshipEntry,
  nowMs: number,
  vanished?: Vanished,
): RelationshipHealth {
  return assess(document, { targets, paused: false, ...(vanished && { vanished }) }, nowMs);
}
