import { volumePath } from '../../../src/model/endpoints';
/** What the HTTP API and the metrics read, in memory. */
import type {
  Catalog,
  EventsPage,
  EventsQuery,
  PointEntry,
  RelationshipEntry,
  SyncDurations,
  SyncEntry,
  Totals,
} from '../../../src/catalog/contract';
import { targetName } from '../../../src/model/endpoints';
import type { Relationship } from '../../../src/model/spec';
import { minute } from './records';

export function makeRelationshipEntry(
  document: Relationship,
  capturedAt: string | null = null,
  overrides: Partial<RelationshipEntry> = {},
): RelationshipEntry {
  const { source, targets } = document.spec;
  return {
    name: document.metadata.name,
    document,
    createdAt: minute(0),
    changedAt: minute(0),
    retiredAt: null,
    source: { host: source.host, volume: volumePath(source), copyMethod: source.copyMethod },
    targets: targets.map((target) => ({
      name: targetName(target),
      host: target.host,
      recoveryPoint: capturedAt === null ? null : 'point',
      capturedAt,
      result: capturedAt === null ? null : 'succeeded',
      errorType: null,
    })),
    ...overrides,
  };
}

/** A catalog that only reads, and fails as a real one does once `broken` holds an error. */
export class FakeCatalog implements Pick<
  Catalog,
  | 'relationships'
  | 'relationshipNames'
  | 'history'
  | 'events'
  | 'points'
  | 'ping'
  | 'totals'
  | 'syncDurations'
> {
  broken: Error | undefined;
  /** Arguments of each call, for tests of what is passed on. */
  readonly calls: unknown[][] = [];

  constructor(
    readonly content: {
      relationships?: RelationshipEntry[];
      history?: SyncEntry[];
      events?: EventsPage;
      points?: PointEntry[];
      totals?: Totals;
      syncDurations?: SyncDurations[];
    } = {},
  ) {}

  ping() {
    return this.answer(undefined, ['ping']);
  }
  relationships(options?: { retired?: boolean }) {
    const all = this.content.relationships ?? [];
    return this.answer(options?.retired ? all : all.filter(({ retiredAt }) => retiredAt === null));
  }
  async relationshipNames(options?: { retired?: boolean }) {
    return (await this.relationships(options)).map(({ name }) => name);
  }
  history(...query: Parameters<Catalog['history']>) {
    return this.answer(this.content.history ?? [], ['history', ...query]);
  }
  events(query: EventsQuery) {
    return this.answer(this.content.events ?? { events: [], next: null }, ['events', query]);
  }
  points(...query: Parameters<Catalog['points']>) {
    return this.answer(this.content.points ?? [], ['points', ...query]);
  }
  totals(names?: readonly string[]) {
    const none: Totals = { syncs: [], missedTicks: [], points: [] };
    return this.answer(this.content.totals ?? none, ['totals', names]);
  }
  syncDurations() {
    return this.answer(this.content.syncDurations ?? []);
  }

  private answer<T>(value: T, call?: unknown[]): Promise<T> {
    if (call) this.calls.push(call);
    return this.broken ? Promise.reject(this.broken) : Promise.resolve(value);
  }
}
