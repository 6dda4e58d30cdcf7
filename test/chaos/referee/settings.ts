/** How much the referee plays: a machine's share in an ordinary run, and more where somebody asks for it. */
import { ARENAS, type Arena } from './arenas';
import { SEED } from '../../support/seed';

export { SEED };
/** On each arena. */
export const HISTORIES = Number(process.env.TIDEMARK_CHAOS_HISTORIES ?? 1);
/** In each history. */
export const ROUNDS = Number(process.env.TIDEMARK_CHAOS_ROUNDS_EACH ?? 2);
const MEANT = new RegExp(process.env.TIDEMARK_CHAOS_ARENAS ?? '');

/** An ordinary run plays on one arena of each family. */
const IS_SAMPLE =
  process.env.TIDEMARK_CHAOS_HISTORIES === undefined && process.env.TIDEMARK_CHAOS_ARENAS === undefined;

/** The arenas that are meant, each with the seed of its first history. */
export const MEANT_ARENAS: readonly (readonly [name: string, arena: Arena, seed: number])[] = ARENAS.map(
  (arena, index) => [arena.name, arena, SEED + 1000 * index] as const,
).filter(([name]) => MEANT.test(name));

/** Those that this run plays: each seed has one of each family of its own. */
export const PLAYED_ARENAS = IS_SAMPLE
  ? [...Map.groupBy(MEANT_ARENAS, ([, { family }]) => family).values()].flatMap((each) => {
      const index = SEED % each.length;
      return each.slice(index, index + 1);
    })
  : MEANT_ARENAS;

export const LONGEST_MS = 60_000 + HISTORIES * ROUNDS * 120_000;

/** The seeds of histories of images. */
export const IMAGE_SEEDS = MEANT.test('images')
  ? Array.from({ length: HISTORIES }, (_, number) => SEED + number)
  : [];
