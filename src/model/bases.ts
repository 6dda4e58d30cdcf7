/** What the source keeps frozen because some target's next stream starts from it. Pure. */

/** By target name, the sync that the target last confirmed: what it froze is the base of the next one. */
export type Bases = Readonly<Record<string, string>>;

/** The bases once a sync has ended: of the targets that confirmed it, itself. */
export function advanceBases(bases: Bases, syncId: string, confirmed: readonly string[]): Bases {
  return { ...bases, ...Object.fromEntries(confirmed.map((name) => [name, syncId])) };
}

/** The syncs whose frozen states are kept at the source; everything else of this relationship's is let go of. */
export function neededSyncIds(bases: Bases): string[] {
  return [...new Set(Object.values(bases))];
}
