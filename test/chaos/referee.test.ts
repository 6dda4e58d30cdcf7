/**
 * Random histories against the referee, on every kind of volume by every way of freezing it. The seed that a run
 * tells plays it again: see `referee/settings.ts`.
 */
import { TestSystem } from '../support/system/system';
import { tell } from '../support/tell';
import { History } from './referee/history';
import { ImageHistory } from './referee/image-history';
import { HISTORIES, IMAGE_SEEDS, LONGEST_MS, PLAYED_ARENAS, ROUNDS, SEED } from './referee/settings';

let system: TestSystem;
beforeAll(async () => {
  tell(`referee: TIDEMARK_CHAOS_SEED=${SEED}`);
  system = await TestSystem.start();
});
afterAll(async () => system.stop());

for (const [name, arena, firstSeed] of PLAYED_ARENAS) {
  it(
    `on ${name}, every point, replica and restore is what was frozen, whatever was done to the trees`,
    async () => {
      const some = { firstSeed, histories: HISTORIES, rounds: ROUNDS };
      expect(await History.playAll(system, arena, some)).toEqual([]);
    },
    LONGEST_MS,
  );
}

for (const seed of IMAGE_SEEDS) {
  it(
    `of images, every point and replica has the images that were there, seed ${seed}`,
    async () => {
      expect(await ImageHistory.play(system, { seed, rounds: ROUNDS })).toEqual([]);
    },
    LONGEST_MS,
  );
}
