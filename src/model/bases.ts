/** What the source keeps frozen because some target's next stream starts from it. Pure. */
import type { Instant } from './records';
import type { TargetStatus } from './status';

/** By target name, the sync that the target last confirmed: what it froze is the base of the next one. */
export type Bases = Readonly<Record<string, string>>;

/** By target, the sync that it last confirmed, whose frozen state at the source is its base. */
export function basesOf({ targets }: { targets: readonly TargetStatus[] }): Bases {
  return Object.fromEntries(
    targets.flatMap(({ name, baseSyncId }) => (baseSyncId ? [[name, baseSyncId]] : [])),
  );
}

/** By target, when its base was frozen. */
export function basesCapturedAt({ targets }: { targets: readonly TargetStatus[] }): Record<string, Instant> {
  return Object.fromEntries(
    targets.flatMap(({ name, capturedAt }) => (capturedAt ? [[name, capturedAt]] : [])),
  );
}

/** The bases once a sync has ended: of the targets that confirmed it, itself. */
export function advanceBases(bases: Bases, syncId: string, confirmed: readonly string[]): Bases {
  return { ...bases, ...Object.fromEntries(confirmed.map((name) => [name, syncId])) };
}

/** The syncs whose frozen states are kept at the source; everything else of this relationship's is released. */
export function neededSyncIds(bases: Bases): string[] {
  return [...new Set(Object.values(bases))];
}
