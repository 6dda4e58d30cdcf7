/** How a relationship is, as far as it is known: what HTTP and metrics are made of, as `tidemark get` is. */
import type { StateEntry } from '../../catalog/contract';
import type { RelationshipStatus } from '../../model/status';
import { isStopped } from '../../model/relationship-state';
import { schedulesOf } from '../../model/schedules';
import { asVanished, type Vanished } from '../../model/vanished';

/**
 * Of one relationship: what it told last, and why that may not hold any more; how it vanished; or why nothing is known
 * of it but what was recorded of its syncs.
 */
export type KnownState =
  { status: RelationshipStatus; unanswered?: string } | { vanished: Vanished } | { unanswered: string };

export interface StatesSource {
  /** Of these relationships. Never throws, and takes a few seconds at most. */
  states(names: readonly string[]): Promise<ReadonlyMap<string, KnownState>>;
}

/** Nobody tells: all there is to go by is what was recorded of syncs. */
export const CATALOG_ALONE: StatesSource = { states: () => Promise.resolve(new Map()) };

/** As it told of itself, unless its workflow has vanished since. */
export function statusOf({ status, vanished }: StateEntry): RelationshipStatus {
  return vanished ? asVanished(status, vanished) : status;
}

/** Its Schedule is to start syncs: there is one, nobody has paused it, and there is somebody to replicate to. */
export function isToTick({ status, vanished }: Pick<StateEntry, 'status' | 'vanished'>): boolean {
  return vanished === null && !isStopped(status) && schedulesOf(status.document.spec).length > 0;
}
