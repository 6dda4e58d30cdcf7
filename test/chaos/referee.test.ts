/**
 * Random histories against the referee, on every kind of volume by every way of freezing it. The seed that a run
 * tells plays it again: see `referee/settings.ts`.
 */
import { tell } from '../support/tell';
import { TestSystem } from '../support/system';
import { History } from './referee/history';
import { HISTORIES, MEANT_ARENAS, ROUNDS, SEED } from './referee/settings';

const LONGEST_MS = 60_000 + HISTORIES * ROUNDS * 120_000;

let system: TestSystem;
beforeAll(async () => {
  tell(`referee: TIDEMARK_CHAOS_SEED=${SEED}`);
  system = await TestSystem.start();
});
afterAll(async () => system.stop());

test.each(MEANT_ARENAS)(
  'on %s, every point, replica and restore is what was frozen, whatever was done to the trees',
  async (_, arena, firstSeed) => {
    const findings: string[] = [];
    for (let number = 0; number < HISTORIES; number++) {
      const found = await History.play(system, arena, { seed: firstSeed + number, rounds: ROUNDS });
      if (found === undefined) continue;
      findings.push(found);
      tell(found);
    }
    expect(findings).toEqual([]);
  },
  LONGEST_MS,
);
