/** A way to one state of a volume. Drivers hand it out, movers work by it, and nobody else asks where a state lies. */
import type { Runner } from '../hosts/contract';
import type { Landing, Landings } from '../landings/contract';

export interface Reach {
  /** Where programs that read or write the state run: the agent's own host, or a place that comes up for it and goes. */
  readonly runner: Runner;
  /** The state, there: a folder; of kinds that are no tree, what their own tools call it. */
  readonly path: string;
  /** How bytes come in there over SSH; left out where they come in as they do to the agent's own host. */
  readonly landings?: Landings;
  /** Of a state behind an account of somebody else's: how that is written to. No program of ours runs where it is. */
  readonly account?: AccountReach;
  /** Lets go of it. The state stays. Idempotent. */
  close(): Promise<void>;
}

/** How what lies behind an account is written to, and compared. */
export interface AccountReach {
  landing: Landing;
  /** Nothing is there yet. */
  isEmpty: boolean;
  /** Options that leave out what rsync there does not take. */
  refused: readonly RefusedOption[];
}

/** What an rsync may not know, or refuse, that copies well otherwise. */
export const REFUSABLE = ['--no-xattrs', '--no-acls', '--no-devices', '--no-specials'] as const;
export type RefusedOption = (typeof REFUSABLE)[number];

/** To what lies where the agent itself is: nothing has to be let go of. */
export function reachHere(runner: Runner, path: string): Reach {
  return { runner, path, close: () => Promise.resolve() };
}

/** The same place, at another path there. */
export function reachAt(reach: Reach, path: string): Reach {
  return { ...reach, path };
}
