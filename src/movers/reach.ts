/** A way to one state of a volume. Drivers hand it out, movers work by it, and nobody else asks where a state lies. */
import type { Runner } from '../hosts/contract';
import type { Landings } from '../landings/contract';

export interface Reach {
  /** Where programs that read or write the state run: the agent's own host, or a place that comes up for it and goes. */
  readonly runner: Runner;
  /** The state, there: a folder; of kinds that are no tree, what their own tools call it. */
  readonly path: string;
  /** How bytes come in there over SSH; left out where they come in as they do to the agent's own host. */
  readonly landings?: Landings;
  /** Lets go of it. The state stays. Idempotent. */
  close(): Promise<void>;
}

/** To what lies where the agent itself is: nothing has to be let go of. */
export function reachHere(runner: Runner, path: string): Reach {
  return { runner, path, close: () => Promise.resolve() };
}

/** The same place, at another path there. */
export function reachAt(reach: Reach, path: string): Reach {
  return { ...reach, path };
}
