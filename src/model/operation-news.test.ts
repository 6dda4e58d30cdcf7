/** A relationship through every order of events that changes of its primary can bring. */
import fc from 'fast-check';
import { takeNews, recordBack } from './operation-news';
import type { OperationNews } from './operation-news';
import { orient, primaryName } from './orientation';
import type { SyncRecord } from './records';
import { targetName } from './endpoints';
import { recordSyncEnd } from './record-sync';
import {
  activeDocument,
  applyDocument,
  directionOf,
  initialState,
  phaseOf,
  recordTakeover,
} from './relationship-state';
import type { RelationshipState } from './relationship-state';
import { makeDocument } from '../../test/support/model/records';
import type { Relationship } from './spec';
import type { OperationKind, Takeover } from './status';
import { awaitedNames, replicatedTo, takeoversOf } from './takeovers';

const NOW = '2026-11-21T10:00:00.000Z';
const HOSTS = ['beta', 'gamma', 'delta'];

const documentFor = (targets: readonly string[]): Relationship =>
  makeDocument('wiki', { targets: targets.map((host) => ({ host, directory: '/srv/wiki' })) });

function makeState(...targets: string[]): RelationshipState {
  const state = initialState('wiki');
  applyDocument(state, documentFor(targets));
  return state;
}

function makeTakeover(target: string, from: string, workflowId: string): Takeover {
  return { target, from, workflowId, pointId: 'p', capturedAt: NOW, at: NOW, fenced: false };
}

function makeRecord(sequence: number, names: string[]): SyncRecord {
  return {
    ...{ syncId: `wiki-${sequence}`, relationship: 'wiki', sequence, reason: 'reversed', startedAt: NOW },
    ...{ endedAt: NOW, result: 'succeeded', workflowId: 'w', runId: 'r' },
    targets: names.map((name) => ({ name, host: name, result: 'succeeded', attempts: 1 })),
  };
}

const endpoints = ({ spec }: Relationship) =>
  [spec.source, ...spec.targets].map(({ host, directory }) => `${host}:${directory}`).toSorted();

/** One relationship and its hosts: who claimed to be the primary in which epoch. */
class Model {
  readonly state = makeState('beta', 'gamma');
  private readonly primaries = new Map<number, string>();
  private readonly told: OperationNews[] = [];
  private highest = 1;
  /** Old primaries that have not come back. */
  private readonly awaited = new Set<string>();

  /** The primary works in the epoch that the relationship is in. */
  private work(epoch: number, host: string): void {
    const other = this.primaries.get(epoch);
    if (other !== undefined && other !== host)
      throw new Error(`both ${other} and ${host} are the primary of epoch ${epoch}`);
    this.primaries.set(epoch, host);
  }

  check(): void {
    const { state } = this;
    expect(state.epoch).toBeGreaterThanOrEqual(this.highest);
    this.highest = state.epoch;
    const active = activeDocument(state);
    if (!active || !state.document) throw new Error('there is no document');
    expect(endpoints(active)).toEqual(endpoints(state.document));
    expect(state.targets.map(({ name, host }) => `${name} ${host}`)).toEqual(
      active.spec.targets.map((target) => `${targetName(target)} ${target.host}`),
    );
    expect(directionOf(state)).toBe(active.spec.source.host === 'alpha' ? 'forward' : 'reversed');
    const present = primaryName(state.document, state.primary);
    for (const { target } of takeoversOf(state.takeover)) expect(target).toBe(present);
    expect(awaitedNames(state.takeover).toSorted()).toEqual([...this.awaited].toSorted());
  }

  private source(): string {
    return activeDocument(this.state)?.spec.source.host ?? '';
  }

  private start(kind: OperationKind): string {
    expect(this.state.operation).toBeUndefined();
    this.state.sequence++;
    const workflowId = `relationship/wiki/${kind}/${this.state.sequence}`;
    this.state.operation = { kind, workflowId, startedAt: NOW, reason: 'request' };
    return workflowId;
  }

  private tell(news: OperationNews): void {
    this.told.push(news);
    takeNews(this.state, news);
    this.check();
  }

  apply(hosts: readonly string[]): void {
    const document = documentFor(hosts);
    // What `apply` refuses.
    if (orient(document, this.state.primary) === document && this.state.primary !== undefined) return;
    applyDocument(this.state, document);
    const named = this.state.targets.map(({ name }) => name);
    for (const name of this.awaited) if (!named.includes(name)) this.awaited.delete(name);
  }

  sync(): void {
    const targets = replicatedTo(activeDocument(this.state)?.spec.targets ?? [], this.state.takeover);
    if (targets.length === 0) return;
    this.start('sync');
    this.work(this.state.epoch, this.source());
    delete this.state.operation;
    recordSyncEnd(this.state, makeRecord(this.state.sequence, targets.map(targetName)), NOW, () => 1);
  }

  /** @param until how far it comes: undone, ended without a word right after its promotion, or through */
  failover(choice: number, until: 'undone' | 'terminated' | 'ended'): void {
    const { state } = this;
    const target = state.targets[choice % state.targets.length];
    if (!target || !state.document) return;
    const from = primaryName(state.document, state.primary);
    const source = this.source();
    const workflowId = this.start('failover');
    const epoch = state.epoch + 1;
    this.tell({ workflowId, phase: 'Fencing', epoch });
    if (until === 'undone') {
      this.tell({ workflowId, phase: 'Undoing', waiting: null, epoch: epoch + 1 });
      this.work(epoch + 1, source);
      delete state.operation;
      return;
    }
    this.work(epoch, target.host);
    const takeover = makeTakeover(target.name, from, workflowId);
    this.awaited.delete(target.name);
    this.awaited.add(from);
    this.tell({ workflowId, epoch, takeover });
    delete state.operation;
    if (until === 'ended') recordTakeover(state, takeover, epoch);
    expect(state.takeover).toMatchObject(takeover);
    expect(phaseOf(state)).toBe('FailedOver');
  }

  reverse(): void {
    const { takeover } = this.state;
    if (!takeover) return;
    const workflowId = this.start('reverse');
    const sequence = this.state.sequence + 1;
    this.tell({ workflowId, phase: 'Syncing', sequence });
    this.work(this.state.epoch, this.source());
    delete this.state.operation;
    this.awaited.delete(takeover.from);
    recordBack(this.state, makeRecord(sequence, [takeover.from]), takeover.from, () => 1);
    expect(this.state.takeover).toEqual(takeover.before);
  }

  /** News that come again, or late: they change nothing. */
  repeat(index: number): void {
    const news = this.told[index % Math.max(1, this.told.length)];
    if (!news) return;
    const before = structuredClone(this.state);
    takeNews(this.state, news);
    expect(this.state).toEqual(before);
  }
}

const event = fc.oneof(
  fc.constant((model: Model) => model.sync()),
  fc
    .subarray(HOSTS, { minLength: 1 })
    .map((hosts) =>
      Object.assign((model: Model) => model.apply(hosts), { toString: () => `apply ${hosts.join(' ')}` }),
    ),
  fc
    .tuple(fc.nat({ max: 2 }), fc.constantFrom('undone' as const, 'terminated' as const, 'ended' as const))
    .map(([choice, until]) =>
      Object.assign((model: Model) => model.failover(choice, until), {
        toString: () => `failover ${choice} ${until}`,
      }),
    ),
  fc.constant((model: Model) => model.reverse()),
  fc.nat({ max: 20 }).map((index) => (model: Model) => model.repeat(index)),
);

test('no epoch has two primaries, no epoch comes again, no takeover is lost, and every endpoint stays', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const model = new Model();
      for (const act of events) {
        act(model);
        model.check();
      }
    }),
    { numRuns: 500 },
  );
});

test('what a child told of its takeover holds, though it is terminated before it can answer', () => {
  const state = makeState('beta');
  state.operation = { kind: 'failover', workflowId: 'f', startedAt: NOW, reason: 'request' };
  takeNews(state, { workflowId: 'f', epoch: 2, takeover: makeTakeover('beta', 'alpha', 'f') });
  delete state.operation;
  expect(state).toMatchObject({ epoch: 2, primary: 'beta', takeover: { from: 'alpha' } });
  expect(phaseOf(state)).toBe('FailedOver');
});

test('a takeover that is told again after the way back changes nothing', () => {
  const state = makeState('beta');
  const news = { workflowId: 'f', epoch: 2, takeover: makeTakeover('beta', 'alpha', 'f') };
  takeNews(state, news);
  recordBack(state, makeRecord(3, ['alpha']), 'alpha', () => 1);
  takeNews(state, news);
  expect(state.takeover).toBeUndefined();
  expect(phaseOf(state)).toBe('Idle');
});

test('what was approved of for one primary lets nothing through for the next', () => {
  const state = makeState('beta');
  state.approved = true;
  recordTakeover(state, makeTakeover('beta', 'alpha', 'f'), 2);
  expect(state.approved).toBe(false);
});

test('news of an operation that runs no more change nothing of the one that does', () => {
  const state = makeState('beta');
  state.operation = { kind: 'sync', workflowId: 's', startedAt: NOW, reason: 'request' };
  takeNews(state, {
    workflowId: 'f',
    phase: 'Fencing',
    waiting: { for: 'approve', text: 'x', since: NOW },
  });
  expect(phaseOf(state)).toBe('Syncing');
  expect(state.operation.phase).toBeUndefined();
});

test('what an operation waits for is its phase, until it waits no more', () => {
  const state = makeState('beta');
  state.operation = { kind: 'failover', workflowId: 'f', startedAt: NOW, reason: 'request' };
  takeNews(state, { workflowId: 'f', waiting: { for: 'approve', text: 'x', since: NOW } });
  expect(phaseOf(state)).toBe('WaitingForApproval');
  takeNews(state, { workflowId: 'f', waiting: { for: 'resume', text: 'x', since: NOW } });
  expect(phaseOf(state)).toBe('Parked');
  takeNews(state, { workflowId: 'f', waiting: null });
  expect(phaseOf(state)).toBe('FailingOver');
});
