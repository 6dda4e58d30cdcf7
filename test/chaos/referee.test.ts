/**
 * Random histories against the referee, on every kind of volume by every way of freezing it. A machine's share of
 * them in an ordinary run; `TIDEMARK_CHAOS_HISTORIES` plays so many on each, `TIDEMARK_CHAOS_ROUNDS_EACH` makes them
 * longer, `TIDEMARK_CHAOS_ARENAS` takes those that match, `TIDEMARK_CHAOS_SEED` plays the same again.
 */
import { tell } from '../support/tell';
import { TestSystem } from '../support/system';
import { ARENAS } from './referee/arenas';
import { History } from './referee/history';

const SEED = Number(process.env.TIDEMARK_CHAOS_SEED ?? Date.now() % 1e9);
const HISTORIES = Number(process.env.TIDEMARK_CHAOS_HISTORIES ?? 1);
const ROUNDS = Number(process.env.TIDEMARK_CHAOS_ROUNDS_EACH ?? 4);
const MEANT = new RegExp(process.env.TIDEMARK_CHAOS_ARENAS ?? '');
const LONGEST_MS = 60_000 + HISTORIES * ROUNDS * 120_000;

let system: TestSystem;
beforeAll(async () => {
  tell(`referee: TIDEMARK_CHAOS_SEED=${SEED}`);
  system = await TestSystem.start();
});
afterAll(async () => system.stop());

test.each(
  ARENAS.filter(({ name }) => MEANT.test(name)).map((arena, index) => [arena.name, arena, index] as const),
)(
  'on %s, every point, replica and restore is what was frozen, whatever was done to the trees',
  async (_, arena, index) => {
    const findings: string[] = [];
    for (let number = 0; number < HISTORIES; number++) {
      const found = await History.play(system, arena, { seed: SEED + 1000 * index + number, rounds: ROUNDS });
      if (found === undefined) continue;
      findings.push(found);
      tell(found);
    }
    expect(findings).toEqual([]);
  },
  LONGEST_MS,
);
