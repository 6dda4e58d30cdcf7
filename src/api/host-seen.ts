import type { Labels } from '../model/labels';
import type { Instant } from '../model/records';

/** Whether a host has an agent. */
export interface HostSeen {
  name: string;
  /** An agent polled for work within the last 75 s. */
  seen: boolean;
  /** The last poll that Temporal remembers: some minutes back at most. */
  lastSeenAt?: Instant;
  /** The agents that were seen: one, unless something is wrong. */
  identities: string[];
  /** A relationship names it, or has selected it. */
  named: boolean;
  /** What its agent told last. Null: never anything, or somebody has it forgotten. */
  labels: Labels | null;
  toldAt: Instant | null;
}
