import type { RelationshipEntry } from '../catalog/contract';
import { assess } from '../model/health';
import type { RelationshipHealth } from '../model/health';

/** How a relationship is, as far as the catalog knows: not whether it is paused, or waits for somebody. */
export function healthOf({ document, targets }: RelationshipEntry, nowMs: number): RelationshipHealth {
  return assess(document, { targets, paused: false }, nowMs);
}
