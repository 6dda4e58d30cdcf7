/** What is wrong with all relationships now, at little cost: of ten thousand, few have changed since the last look. */
import type { StateEntry } from '../../catalog/contract';
import { type Condition, conditionsOf, nextConditionChange } from '../../model/notify/conditions';
import { statusOf } from '../fleet/known-states';

interface Seen {
  revision: number;
  /** The passing of time alone changes it then. */
  untilMs: number;
  conditions: readonly Condition[];
}

export class Observer {
  private seen = new Map<string, Seen>();

  observe(states: ReadonlyMap<string, StateEntry>, nowMs: number): Condition[] {
    const former = this.seen;
    this.seen = new Map();
    const all: Condition[] = [];
    for (const [name, entry] of states) {
      const known = former.get(name);
      const isGood = known?.revision === entry.revision && nowMs < known.untilMs;
      const seen = isGood ? known : look(entry, nowMs);
      this.seen.set(name, seen);
      all.push(...seen.conditions);
    }
    return all;
  }
}

function look(entry: StateEntry, nowMs: number): Seen {
  const status = statusOf(entry);
  return {
    revision: entry.revision,
    untilMs: nextConditionChange(status, nowMs) ?? Infinity,
    conditions: conditionsOf(status, nowMs),
  };
}
