import type { StateEntry } from '../../catalog/contract';
import type { Instant } from '../../model/records';
import { nextTick } from '../../model/schedules';
import { type RelationshipSummary, summarize } from '../../model/summary';
import { isToTick, statusOf } from './known-states';

/** What `tidemark get` says of each, in their order. */
export class FleetSummaries {
  /** Ticks are looked for anew once they have passed: of ten thousand schedules that takes longer than all the rest. */
  private ticks = new Map<string, { revision: number; next: Instant | undefined }>();

  of(states: ReadonlyMap<string, StateEntry>, nowMs: number): RelationshipSummary[] {
    const former = this.ticks;
    this.ticks = new Map();
    return [...states.values()].map((entry) => {
      const { name, revision, status, scheduleTrouble } = entry;
      const known = former.get(name);
      const isGood =
        known?.revision === revision && (known.next === undefined || Date.parse(known.next) > nowMs);
      const next = isGood ? known.next : isToTick(entry) ? nextTick(status.document.spec, nowMs) : undefined;
      this.ticks.set(name, { revision, next });
      return summarize(statusOf(entry), nowMs, {
        ...(next !== undefined && scheduleTrouble === null && { nextRun: next }),
        ...(scheduleTrouble !== null && { trouble: scheduleTrouble }),
      });
    });
  }
}
