/**
 * Random histories against the referee, on every kind of volume by every way of freezing it. The seed that a run
 * tells plays it again: see `referee/settings.ts`.
 */
import { TestSystem } from '../support/system';
import { tell } from '../support/tell';
import { History } from './referee/history';
import { ImageHistory } from './referee/image-history';
import { HISTORIES, IMAGE_SEEDS, LONGEST_MS, MEANT_ARENAS, ROUNDS, SEED } from './referee/settings';

let system: TestSystem;
beforeAll(async () => {
  tell(`referee: TIDEMARK_CHAOS_SEED=${SEED}`);
  system = await TestSystem.start();
});
afterAll(async () => system.stop());

test.each(MEANT_ARENAS)(
  'on %s, every point, replica and restore is what was frozen, whatever was done to the trees',
  async (_, arena, firstSeed) => {
    expect(await History.playAll(system, arena, { firstSeed, histories: HISTORIES, rounds: ROUNDS })).toEqual(
      [],
    );
  },
  LONGEST_MS,
);

if (IMAGE_SEEDS.length > 0)
  test.each(IMAGE_SEEDS)(
    'of images, every point and replica has the images that were there, seed %i',
    async (seed) => {
      expect(await ImageHistory.play(system, { seed, rounds: ROUNDS })).toEqual([]);
    },
    LONGEST_MS,
  );
