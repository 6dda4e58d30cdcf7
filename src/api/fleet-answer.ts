import type { Instant } from '../model/records';
import type { RelationshipSummary } from '../model/summary';
import type { countAll } from '../model/choose-relationships';

/** So many relationships `/v1/fleet` gives at once. */
export const MOST_AT_ONCE = 100_000;

/** What `/v1/fleet` answers. */
export interface FleetAnswer {
  /** When Temporal was last asked whether they all run; null for never. */
  checkedAt: Instant | null;
  /** Why it could not be asked after that. */
  trouble: string | null;
  /** Of all that are chosen. */
  counts: ReturnType<typeof countAll>;
  /** A page of them. */
  relationships: RelationshipSummary[];
}
