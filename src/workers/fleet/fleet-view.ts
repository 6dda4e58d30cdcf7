import type { Catalog, StateEntry } from '../../catalog/contract';

type States = ReadonlyMap<string, StateEntry>;

/**
 * How all relationships are, as the catalog has it now. What was read before is not read again: ten thousand states are
 * tens of megabytes, of which little changes between two looks.
 */
export class FleetView {
  private states: States = new Map();
  private running: Promise<States> | undefined;

  constructor(private readonly catalog: Pick<Catalog, 'stateRevisions' | 'states'>) {}

  /** By name, in that order; callers at one time share a look. @throws TidemarkError where the catalog does not answer */
  async read(): Promise<States> {
    this.running ??= this.look().finally(() => (this.running = undefined));
    return await this.running;
  }

  private async look(): Promise<States> {
    const revisions = await this.catalog.stateRevisions();
    const changed = revisions.filter(({ name, revision }) => this.states.get(name)?.revision !== revision);
    if (changed.length === 0 && revisions.length === this.states.size) return this.states;
    const names = changed.length === revisions.length ? undefined : changed.map(({ name }) => name);
    const read = new Map((await this.catalog.states(names)).map((entry) => [entry.name, entry]));
    this.states = new Map(
      revisions.flatMap(({ name }): [string, StateEntry][] => {
        // Deleted meanwhile.
        const entry = read.get(name) ?? (names?.includes(name) ? undefined : this.states.get(name));
        return entry ? [[name, entry]] : [];
      }),
    );
    return this.states;
  }
}
