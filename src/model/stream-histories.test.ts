/**
 * Random histories of what people, crashes and dead hosts do to a relationship of one source and two targets
 * whose storage is sent by identity, played on a model of that storage. The decisions are the real ones.
 */
import fc from 'fast-check';
import { advanceBases, neededSyncIds } from './bases';
import type { Bases } from './bases';
import { findDivergence, planStream, stepDown } from './plan-stream';
import type { RungsLeftOut, StreamHow } from './plan-stream';
import type { HeldState } from './records';

interface State extends HeldState {
  content: number;
  syncId?: string;
}

interface Volume {
  exists: boolean;
  live: number;
  states: State[];
  /** Datasets that were put aside when another took their place, whole. */
  aside: State[];
}

const TARGETS = ['beta', 'gamma'] as const;
type Name = (typeof TARGETS)[number];

/** What becomes of one target in one sync. */
type Fate = 'well' | 'dead' | 'cut off' | 'not confirmed' | 'base is broken' | 'no files compared';

type Step =
  | { do: 'write' }
  | { do: 'sync'; fates: Record<Name, Fate>; only?: Name; approved: boolean }
  | { do: 'snapshot'; at: 'source' | Name }
  | { do: 'destroy'; at: 'source' | Name; index: number }
  | { do: 'bookmark'; index: number }
  | { do: 'change'; at: Name }
  | { do: 'failover'; to: Name };

class World {
  source: Volume = { exists: true, live: 0, states: [], aside: [] };
  readonly targets: Record<Name, Volume> = { beta: nothing(), gamma: nothing() };
  bases: Bases = {};
  /** What each target holds as its last good copy, until a newer one is confirmed. */
  readonly good: Partial<Record<Name, number>> = {};
  private counter = 0;

  /** @param deltaIsBase what was made by comparing files gets the identity of what it equals now */
  constructor(private readonly deltaIsBase = true) {}

  play(step: Step): void {
    switch (step.do) {
      case 'write':
        this.source.live = ++this.counter;
        break;
      case 'sync':
        this.sync(step);
        break;
      case 'snapshot':
        this.freeze(this.at(step.at), false);
        break;
      case 'destroy':
        this.destroy(step.at, step.index);
        break;
      case 'bookmark':
        this.bookmark(step.index);
        break;
      case 'change':
        if (this.targets[step.at].exists) this.targets[step.at].live = -++this.counter;
        break;
      case 'failover':
        this.failOver(step.to);
    }
  }

  at(where: 'source' | Name): Volume {
    return where === 'source' ? this.source : this.targets[where];
  }

  sync({
    fates,
    only,
    approved,
  }: Extract<Step, { do: 'sync' }>): Partial<Record<Name, StreamHow | 'refused'>> {
    const captured = this.freeze(this.source, true);
    if (!captured) return {};
    const syncId = captured.identity;
    captured.syncId = syncId;
    const hows: Partial<Record<Name, StreamHow | 'refused'>> = {};
    const confirmed: Name[] = [];
    for (const name of TARGETS) {
      if (only !== undefined && only !== name) continue;
      const how = this.syncTarget(name, captured, fates[name], approved);
      if (how) hows[name] = how;
      if (
        how &&
        how !== 'refused' &&
        this.targets[name].live === captured.content &&
        fates[name] !== 'not confirmed'
      ) {
        confirmed.push(name);
        this.good[name] = captured.content;
      }
    }
    this.bases = advanceBases(this.bases, syncId, confirmed);
    const keep = neededSyncIds(this.bases);
    this.source.states = this.source.states.filter(
      ({ ours, syncId: of }) => !ours || of === undefined || keep.includes(of),
    );
    return hows;
  }

  private syncTarget(name: Name, captured: State, fate: Fate, approved: boolean) {
    const volume = this.targets[name];
    if (fate === 'dead') return undefined;
    const situation = (left: RungsLeftOut) => ({
      source: this.source.states.filter((state) => state !== captured),
      target: volume.states,
      targetExists: volume.exists,
      targetChanged: volume.exists && volume.live !== newestSnapshot(volume)?.content,
      ...left,
    });
    const all: RungsLeftOut = { excluded: [] };
    if (!approved && findDivergence(situation(all))) return 'refused';
    let plan = planStream(situation(all));
    const left =
      (fate === 'base is broken' && stepDown(plan, 'BaseLost', all)) ||
      (fate === 'no files compared' && stepDown(plan, 'ToolMissing', all));
    if (left) plan = planStream(situation(left));
    if (fate === 'cut off') return undefined;
    const received: State = { ...captured, name: `${name}@${captured.identity}` };
    const isDelta = plan.how === 'delta-onto-clone';
    if (isDelta && !this.deltaIsBase) {
      received.identity = `guid-${++this.counter}`;
      received.delta = true;
    }
    if (plan.into === 'replica') {
      if (plan.base) expect(newestSnapshot(volume)?.identity).toBe(plan.base.identity);
      volume.states = [...volume.states, received];
    } else {
      const from = plan.base ?? plan.onto;
      if (isDelta) expect(newestSnapshot(volume)?.identity).toBe(from?.identity);
      const upTo = volume.states.findIndex(({ identity }) => identity === from?.identity) + 1;
      volume.aside = [...volume.aside, ...volume.states.slice(upTo)];
      volume.states = [...volume.states.slice(0, upTo), received];
    }
    volume.exists = true;
    volume.live = captured.content;
    return plan.how;
  }

  private freeze(volume: Volume, ours: boolean): State | undefined {
    if (!volume.exists) return undefined;
    const identity = `guid-${++this.counter}`;
    const state: State = {
      identity,
      name: `x@${identity}`,
      createdAt: new Date(this.counter).toISOString(),
      kind: 'snapshot',
      ours,
      content: volume.live,
    };
    volume.states = [...volume.states, state];
    return state;
  }

  /** At a target, nobody destroys the last good copy: then there is none, and nothing to promise. */
  private destroy(where: 'source' | Name, index: number): void {
    const volume = this.at(where);
    const victim = volume.states[index % Math.max(1, volume.states.length)];
    if (!victim || (where !== 'source' && victim.content === this.good[where])) return;
    volume.states = volume.states.filter((state) => state !== victim);
  }

  private bookmark(index: number): void {
    const { states } = this.source;
    const chosen = states[index % Math.max(1, states.length)];
    if (chosen) chosen.kind = 'bookmark';
  }

  /** The target is the source from here on; the old source stands in its place, with what it alone has kept first. */
  private failOver(to: Name): void {
    const next = this.targets[to];
    if (!next.exists || this.good[to] === undefined) return;
    const former = this.source;
    if (former.live !== newestSnapshot(former)?.content) this.freeze(former, true);
    this.source = next;
    this.targets[to] = former;
    delete this.good[to];
    this.bases = {};
  }
}

const newestSnapshot = ({ states }: Volume) => states.findLast(({ kind }) => kind === 'snapshot');

const nothing = (): Volume => ({ exists: false, live: 0, states: [], aside: [] });

const name = fc.constantFrom(...TARGETS);
const anywhere = fc.constantFrom('source' as const, ...TARGETS);
const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>('well') },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Fate>(
      'dead',
      'cut off',
      'not confirmed',
      'base is broken',
      'no files compared',
    ),
  },
);
const fates = fc.record({ beta: fate, gamma: fate });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'write' }) },
  {
    weight: 6,
    arbitrary: fc.record(
      { do: fc.constant('sync' as const), fates, only: name, approved: fc.boolean() },
      { requiredKeys: ['do', 'fates', 'approved'] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const), at: anywhere }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('destroy' as const), at: anywhere, index: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bookmark' as const), index: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const), at: name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('failover' as const), to: name }) },
);
const histories = fc.array(steps, { minLength: 3, maxLength: 40 });
const ALL_WELL = { do: 'sync', fates: { beta: 'well', gamma: 'well' }, approved: true } as const;

const shares = (source: Volume, target: Volume) =>
  source.states.some(({ identity }) =>
    target.states.some((state) => state.identity === identity && state.kind === 'snapshot'),
  );

test('a thousand histories lose no good copy, and end in step again as soon as all is well', () => {
  fc.assert(
    fc.property(histories, fc.boolean(), (history, deltaIsBase) => {
      const world = new World(deltaIsBase);
      for (const step of history) {
        world.play(step);
        for (const each of TARGETS) {
          const good = world.good[each];
          const { states, aside } = world.targets[each];
          if (good !== undefined) expect([...states, ...aside].map(({ content }) => content)).toContain(good);
        }
      }
      const shared = TARGETS.filter((each) => shares(world.source, world.targets[each]));
      const hows = world.sync(ALL_WELL);
      for (const each of TARGETS) {
        expect(world.targets[each].live).toBe(world.source.live);
        // Where both hold a state, nothing is sent in full.
        if (shared.includes(each)) expect(hows[each]).toMatch(/^incremental/);
      }
      // What is made by comparing files may be no base: then the next sync sends everything, and no later one does.
      const wereDeltas = TARGETS.map((each) => hows[each] === 'delta-onto-clone');
      const next = wereDeltas.map((isDelta) => (isDelta && !deltaIsBase ? 'full-into-side' : 'incremental'));
      expect(Object.values(world.sync(ALL_WELL))).toEqual(next);
      expect(Object.values(world.sync(ALL_WELL))).toEqual(['incremental', 'incremental']);
    }),
    { numRuns: 1000 },
  );
});

test('the source keeps a state per target at most, however long one of them is dead', () => {
  const own = fc.array(steps, { maxLength: 60 });
  fc.assert(
    fc.property(own, (history) => {
      const world = new World();
      for (const step of history) {
        world.play(step);
        if (step.do !== 'sync') continue;
        const kept = world.source.states.filter(
          ({ syncId, ours }) => ours && syncId && neededSyncIds(world.bases).includes(syncId),
        );
        expect(kept.length).toBeLessThanOrEqual(TARGETS.length);
      }
    }),
  );
});

test('what another target lives through costs a target nothing: it goes on incrementally', () => {
  const troubles = fc.array(
    fc.tuple(
      fc.constantFrom<Fate>('dead', 'cut off', 'not confirmed', 'base is broken', 'well'),
      fc.boolean(),
    ),
  );
  fc.assert(
    fc.property(troubles, (troubled) => {
      const world = new World();
      world.sync(ALL_WELL);
      for (const [gamma, onlyGamma] of troubled) {
        world.play({ do: 'write' });
        const hows = world.sync({
          do: 'sync',
          fates: { beta: 'well', gamma },
          approved: false,
          ...(onlyGamma && { only: 'gamma' as const }),
        });
        if (!onlyGamma) expect(hows.beta).toBe('incremental');
      }
    }),
  );
});

test('snapshots that people made are never destroyed', () => {
  fc.assert(
    fc.property(histories, fc.boolean(), (history, deltaIsBase) => {
      const world = new World(deltaIsBase);
      for (const step of history) {
        const held = () =>
          [world.source, ...Object.values(world.targets)].flatMap(({ states, aside }) => [
            ...states,
            ...aside,
          ]);
        const before = held()
          .filter(({ ours }) => !ours)
          .map(({ identity }) => identity);
        world.play(step);
        if (step.do !== 'destroy')
          expect(held().map(({ identity }) => identity)).toEqual(expect.arrayContaining(before));
      }
    }),
  );
});
