/** What this run's random choices are made from. `TIDEMARK_CHAOS_SEED` plays a run again. */
export const SEED = Number(process.env.TIDEMARK_CHAOS_SEED ?? Date.now() % 1e9);
