import type { Catalog, PointTotals, StateEntry, SyncTotals } from '../../catalog/contract';

/** What the catalog has summed up of one relationship. */
export interface Sums {
  syncs: SyncTotals[];
  missedTicks: number;
  /** By target. */
  points: ReadonlyMap<string, PointTotals>;
}

export const NO_SUMS: Sums = { syncs: [], missedTicks: 0, points: new Map() };

/**
 * What a relationship tells of itself comes before or after what is recorded of it: sums are read again for that
 * long after it has told something.
 */
const SETTLED_MS = 60_000;

/** Sums of relationships; of ten thousand they take seconds to read, so that who has told nothing since is not read again. */
export class CatalogSums {
  private known = new Map<string, { revision: number; readAtMs: number; sums: Sums }>();

  constructor(private readonly catalog: Pick<Catalog, 'totals'>) {}

  /** Of these relationships. @throws TidemarkError where the catalog does not answer */
  async read(states: ReadonlyMap<string, StateEntry>, nowMs: number): Promise<(name: string) => Sums> {
    const changed = [...states.values()].filter(({ name, revision, toldAt }) => {
      const known = this.known.get(name);
      return known?.revision !== revision || known.readAtMs < Date.parse(toldAt) + SETTLED_MS;
    });
    const names = changed.map(({ name }) => name);
    const read = new Map(names.length === 0 ? [] : await this.look(names, names.length === states.size));
    const known = new Map<string, { revision: number; readAtMs: number; sums: Sums }>();
    for (const { name } of states.values()) {
      const former = this.known.get(name);
      if (former) known.set(name, former);
    }
    for (const { name, revision } of changed)
      known.set(name, { revision, readAtMs: nowMs, sums: read.get(name) ?? NO_SUMS });
    this.known = known;
    return (name) => known.get(name)?.sums ?? NO_SUMS;
  }

  private async look(names: readonly string[], isAll: boolean): Promise<[string, Sums][]> {
    const { syncs, missedTicks, points } = await this.catalog.totals(isAll ? undefined : names);
    const [syncsOf, pointsOf] = [syncs, points].map((all) =>
      Map.groupBy<string, SyncTotals | PointTotals>(all, ({ relationship }) => relationship),
    ) as [Map<string, SyncTotals[]>, Map<string, PointTotals[]>];
    const missed = new Map(missedTicks.map(({ relationship, count }) => [relationship, count]));
    return names.map((name) => [
      name,
      {
        syncs: syncsOf.get(name) ?? [],
        missedTicks: missed.get(name) ?? 0,
        points: new Map((pointsOf.get(name) ?? []).map((each) => [each.target, each])),
      },
    ]);
  }
}
