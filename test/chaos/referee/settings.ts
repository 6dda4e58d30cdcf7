/** How much the referee plays: a machine's share in an ordinary run, and more where somebody asks for it. */
import { ARENAS, type Arena } from './arenas';

export const SEED = Number(process.env.TIDEMARK_CHAOS_SEED ?? Date.now() % 1e9);
/** On each arena. */
export const HISTORIES = Number(process.env.TIDEMARK_CHAOS_HISTORIES ?? 1);
/** In each history. */
export const ROUNDS = Number(process.env.TIDEMARK_CHAOS_ROUNDS_EACH ?? 2);
const MEANT = new RegExp(process.env.TIDEMARK_CHAOS_ARENAS ?? '');

/** The arenas that are meant, each with the seed of its first history. */
export const MEANT_ARENAS: readonly (readonly [name: string, arena: Arena, seed: number])[] = ARENAS.map(
  (arena, index) => [arena.name, arena, SEED + 1000 * index] as const,
).filter(([name]) => MEANT.test(name));

export const LONGEST_MS = 60_000 + HISTORIES * ROUNDS * 120_000;

/** The seeds of histories of images. */
export const IMAGE_SEEDS = MEANT.test('images')
  ? Array.from({ length: HISTORIES }, (_, number) => SEED + number)
  : [];
